import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { useSession } from "../api/session.ts";
import { type Suspect, suspectsQuery } from "../api/suspects.ts";
import { createFormat } from "../format.ts";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, Loading } from "../ui/states.tsx";

/** Operations, releases and instance starts before an alert, with their evidence. A step's page prefills the reason. */
export const Suspects = ({ alert }: { alert: string }) => {
  const { data, error } = useQuery(suspectsQuery(alert));
  const format = createFormat(useSession());
  return (
    <Section
      title="What changed before"
      aside={data && <span>considered since {format.dateTime(data.from)}</span>}
    >
      {error && <Fault error={error} />}
      {!data && !error && <Loading lines={3} />}
      {data?.suspects.length === 0 && (
        <Empty>No step moved, no release moved clients, and no instance started.</Empty>
      )}
      <ul>
        {data?.suspects.map((suspect) => {
          const [first, ...more] = suspect.evidence;
          return (
            <Row
              key={keyOf(suspect)}
              icon={suspect.declared ? "warning" : "applied"}
              aside={format.time(suspect.at)}
              more={more.join(" ")}
            >
              <SuspectLink suspect={suspect} alert={alert}>
                {first}
              </SuspectLink>
            </Row>
          );
        })}
      </ul>
    </Section>
  );
};

const keyOf = (suspect: Suspect): string => {
  if (suspect.kind === "operation") return suspect.operation;
  return suspect.kind === "release" ? suspect.release : suspect.instance;
};

/** Leads to the release, to the step that can be moved back, to an operation of several steps, or nowhere. */
const SuspectLink = ({
  suspect,
  alert,
  children,
}: {
  suspect: Suspect;
  alert: string;
  children: ReactNode;
}) => {
  if (suspect.kind === "release")
    return (
      <Link to="/releases/$id" params={{ id: suspect.release }}>
        {children}
      </Link>
    );
  if (suspect.kind !== "operation") return children;
  const { operation, steps } = suspect;
  if (steps.length > 1)
    return (
      <Link to="/operations/$id" params={{ id: operation }}>
        {children}
      </Link>
    );
  return (
    <Link to="/changes/$step" params={{ step: String(steps[0]) }} search={{ alert }}>
      {children}
    </Link>
  );
};
