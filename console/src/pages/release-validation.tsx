import type { ReleaseDetails } from "../api/releases.ts";
import type { Format } from "../format.ts";
import type { IconName } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Empty } from "../ui/states.tsx";
import styles from "./release.module.css";

type Phase = NonNullable<ReleaseDetails["validation"]>[number];

const icons: Record<Phase["verdict"], IconName> = { SUCCESS: "check", FAIL: "error", UNKNOWN: "warning" };

/** The phases of the validation that have begun, with the checks of each. */
export const Validation = ({
  validation,
  format,
}: {
  validation: ReleaseDetails["validation"];
  format: Format;
}) => {
  if (!validation?.length) return <Empty>It begins when the new version has all clients.</Empty>;
  return validation.map(({ phase, verdict, checks, at, ended }) => (
    <section key={phase} className={styles.group} aria-label={`Validation: ${phase}`}>
      <h3>
        {phase}{" "}
        <span className="t2">
          {ended ? "ended" : "looked at"} {format.time(at)}, {verdict}
        </span>
      </h3>
      <ul>
        {checks.map((check) => (
          <Row
            key={check.name}
            icon={icons[check.verdict]}
            aside={check.verdict}
            more={
              <>
                {check.evidence}
                {check.accepted && (
                  <span className={styles.line}>
                    Accepted by {check.accepted.by}: “{check.accepted.reason}”
                  </span>
                )}
              </>
            }
          >
            {check.name}
          </Row>
        ))}
      </ul>
    </section>
  ));
};
