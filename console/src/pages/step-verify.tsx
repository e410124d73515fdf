import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type OperationDetails, sinceQuery } from "../api/operations.ts";
import { acknowledge, alertQuery, type StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import type { Format } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { doneWords, stepsOf } from "../ui/operation-words.ts";
import { Fault } from "../ui/states.tsx";
import { requestsSince } from "./requests-since.ts";
import styles from "./step.module.css";

/** The requests since a move, and the verdict: good, which closes the case, or the way back. */
export const Verify = ({
  operation,
  change,
  format,
}: {
  operation: OperationDetails;
  change: StepDetails;
  format: Format;
}) => {
  const { features } = useSession();
  const offline = useOfflineReason();
  const { alert: id } = useSearch({ from: "/inside/changes/$step" });
  const at = operation.finished_at ?? operation.started_at;
  const { data } = useQuery({ ...sinceQuery(at), enabled: features.fleet });
  const alert = useQuery({ ...alertQuery(id ?? ""), enabled: id !== undefined }).data?.alert;
  const counted = data && requestsSince(data, change.affects.routes);
  const sentence =
    counted && `${format.count(counted.requests, "request")}, ${format.number(counted.errors)} failed`;
  const navigate = useNavigate();
  const queries = useQueryClient();
  const closing = useMutation({
    mutationFn: async () => {
      if (alert?.state !== "firing" || alert.acknowledged !== null) return;
      const { kind, steps, id: number } = operation;
      const done = `${stepsOf(steps)} ${doneWords[kind]} (operation ${number})`;
      await acknowledge(alert, sentence ? `${done}. Since then: ${sentence}.` : `${done}.`);
      await queries.invalidateQueries({ queryKey: ["alerts"] });
    },
    onSuccess: () =>
      id === undefined ? navigate({ to: "/" }) : navigate({ to: "/alerts/$id", params: { id } }),
  });
  const isRollback = operation.kind === "rollback";
  return (
    <div className={styles.verify}>
      {counted && (
        <p className={styles.since} role="status">
          <Icon name={counted.errors > 0 ? "warning" : counted.requests > 0 ? "ok" : "applied"} />
          since {format.time(at)}: {sentence}
          {counted.isAffected && <span className="t2"> on the routes that the step affects</span>}
        </p>
      )}
      <div className={styles.copy}>
        <Button
          missing={closing.isPending ? "The case is being closed." : offline}
          onClick={() => closing.mutate()}
        >
          Good
        </Button>
        <Button quiet onClick={() => focusOn("#decide button[type=submit]")}>
          {isRollback ? "Redo…" : "Undo…"}
        </Button>
        <span className="t2">
          {alert?.state === "firing"
            ? "Good acknowledges the alert and leads to it."
            : alert
              ? "The alert is over."
              : ""}
        </span>
      </div>
      {closing.error && <Fault error={closing.error} />}
    </div>
  );
};

/** Leads to the form with the way back. */
const focusOn = (selector: string) => document.querySelector<HTMLElement>(selector)?.focus();
