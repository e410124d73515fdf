import type { PreflightCheck, ReleaseDetails } from "../api/releases.ts";
import type { Format } from "../format.ts";
import type { IconName } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Empty } from "../ui/states.tsx";
import styles from "./release.module.css";

const groups = ["system", "data", "performance", "security", "team"] as const;

const words = { go: "GO", no_go: "NO-GO", unknown: "UNKNOWN" } as const;
const icons: Record<PreflightCheck["verdict"], IconName> = {
  go: "check",
  no_go: "error",
  unknown: "warning",
};
const ranks = { no_go: 0, unknown: 1, go: 2 } as const;

/** The checks by group. In each group, those that are not GO come first, and those that are GO are folded. */
export const Preflight = ({
  preflight,
  format,
}: {
  preflight: ReleaseDetails["preflight"];
  format: Format;
}) => {
  if (!preflight) return <Empty>The checks have not run yet.</Empty>;
  const { verdict, counts, checked_at, valid_until, checks } = preflight;
  const inOrder = groups
    .map((group) => ({ group, own: checks.filter((check) => check.group === group).toSorted(byUrgency) }))
    .filter(({ own }) => own.length > 0)
    .toSorted((a, b) => rankOf(a.own[0]) - rankOf(b.own[0]));
  return (
    <div className={styles.preflight}>
      <p className={styles.verdict}>
        {words[verdict]}: {counts.go} GO, {counts.no_go} NO-GO, {counts.unknown} UNKNOWN, {counts.waived}{" "}
        waived
      </p>
      <p className="t2">
        Checked {format.time(checked_at)}, valid until {format.time(valid_until)}
      </p>
      {inOrder.map(({ group, own }) => (
        <Group key={group} name={group} checks={own} format={format} />
      ))}
    </div>
  );
};

/** NO-GO, UNKNOWN, waived, GO. */
const rankOf = (check: PreflightCheck | undefined): number => {
  if (!check) return 4;
  return check.waived ? 1.5 : ranks[check.verdict];
};

const byUrgency = (a: PreflightCheck, b: PreflightCheck): number =>
  rankOf(a) - rankOf(b) || a.number - b.number;

const Group = ({
  name,
  checks,
  format,
}: {
  name: string;
  checks: readonly PreflightCheck[];
  format: Format;
}) => {
  const good = checks.filter(({ verdict }) => verdict === "go");
  const others = checks.filter(({ verdict }) => verdict !== "go");
  return (
    <section className={styles.group} aria-label={`Preflight: ${name}`}>
      <h3>{name}</h3>
      {others.length > 0 && <Checks checks={others} format={format} />}
      {good.length > 0 && (
        <details>
          <summary>{format.count(good.length, "check is", "checks are")} GO</summary>
          <Checks checks={good} format={format} />
        </details>
      )}
    </section>
  );
};

const Checks = ({ checks, format }: { checks: readonly PreflightCheck[]; format: Format }) => (
  <ul>
    {checks.map(({ number, name, verdict, evidence, remedy, waived, valid_until }) => (
      <Row
        key={number}
        icon={waived ? "muted" : icons[verdict]}
        aside={words[verdict]}
        more={
          <>
            {evidence}
            {remedy !== null && !waived && <span className={styles.line}>{remedy}</span>}
            {waived && (
              <span className={styles.line}>
                Waived by {waived.by}: “{waived.reason}”
              </span>
            )}
            {verdict !== "go" && (
              <span className={`${styles.line} t3`}>valid until {format.time(valid_until)}</span>
            )}
          </>
        }
      >
        {number} {name}
      </Row>
    ))}
  </ul>
);
