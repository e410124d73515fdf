import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { previewQuery } from "../api/operations.ts";
import type { Direction, Step, StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { duration, type Format } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { useNow } from "../shell/freshness.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { ImpactLines } from "../ui/impact-lines.tsx";
import { Receipt } from "../ui/receipt.tsx";
import { Section } from "../ui/section.tsx";
import { Fault, Loading } from "../ui/states.tsx";
import styles from "./step.module.css";
import { type Measured, type Plan, startsByItself } from "./step-plan.ts";

const staleAfterMs = 60_000;

/** The receipt of the dry run; until there is one, the impact that can be read without it. */
export const StepPreview = ({
  change,
  direction,
  moving,
  plan,
  busy,
  format,
}: {
  change: StepDetails;
  direction: Direction;
  moving: readonly Step[];
  plan: Plan;
  /** Why no dry run can start now. */
  busy: string | undefined;
  format: Format;
}) => {
  const { can } = useSession();
  const { measured, error, isPending, measure } = plan;
  const offline = useOfflineReason();
  const nowMs = useNow();
  const isStale = measured !== undefined && nowMs - measured.atMs > staleAfterMs;
  const estimateMs = moving.reduce((sum, { estimate }) => sum + estimate.duration_ms, 0);
  const before = measured?.before;
  return (
    <div className={styles.previews}>
      {measured && (
        <DryRunReceipt
          measured={measured}
          comparedTo={before}
          name="Dry run"
          direction={direction}
          isOld={isStale}
          format={format}
          age={
            <span className={isStale ? "warning" : "t2"}>
              {isStale && <Icon name="warning" />} {duration(nowMs - measured.atMs)} old{isStale && ", stale"}
            </span>
          }
        />
      )}
      {before && (
        <DryRunReceipt
          measured={before}
          comparedTo={measured}
          name="Refused dry run"
          direction={direction}
          isOld
          format={format}
          age={<span className="t2">refused</span>}
        />
      )}
      {isPending && !measured && <Loading lines={10} />}
      {error && <Fault error={error} />}
      {!measured && !isPending && direction === "rollback" && <Impact step={change.step} format={format} />}
      {!measured && !isPending && can.move && !startsByItself(moving) && (
        <p className="t2">
          The dry run{" "}
          {moving.some(({ writes_rows }) => writes_rows) ? "writes rows and aborts" : "takes long"}, so it
          starts when you ask for it: about {format.ms(estimateMs)}.
        </p>
      )}
      <p>
        <Button
          quiet
          missing={
            can.move
              ? (offline ?? busy ?? (isPending ? "The dry run is running." : undefined))
              : "A dry run executes the move and aborts it, which needs an admin."
          }
          onClick={measure}
        >
          {measured ? "Measure again" : `Dry run, about ${format.ms(estimateMs)}`}
        </Button>
      </p>
    </div>
  );
};

const DryRunReceipt = ({
  measured: { run, atMs },
  name,
  comparedTo,
  direction,
  isOld,
  age,
  format,
}: {
  measured: Measured;
  name: string;
  comparedTo: Measured | undefined;
  direction: Direction;
  isOld: boolean;
  age: ReactNode;
  format: Format;
}) => {
  const { steps } = run.operation;
  return (
    <Receipt
      title={`${name} of step${steps.length === 1 ? "" : "s"} ${steps.join(", ")}, ${direction === "rollback" ? "rolling back" : "re-applying"}`}
      subtitle={
        <>
          {format.dateTime(new Date(atMs).toISOString())}
          <br />
          {run.executed ? "executed, measured, aborted: nothing changed" : "estimated"}
        </>
      }
      steps={run.steps}
      totalMs={run.total_ms}
      comparedTo={comparedTo?.run.steps}
      isOld={isOld}
      format={format}
    >
      <h2>Plan</h2>
      <p className={styles.plan}>
        <span>{run.plan.hash.match(/.{4}/g)?.join(" ")}</span>
        {age}
      </p>
    </Receipt>
  );
};

const Impact = ({ step, format }: { step: number; format: Format }) => {
  const { data, error } = useQuery(previewQuery(step));
  if (error) return <Fault error={error} />;
  if (!data) return <Loading lines={6} />;
  return (
    <Section title="Impact of a rollback" aside={<span className="t3">{format.time(data.computed_at)}</span>}>
      {!data.complete && (
        <p className="t2">It takes longer than two seconds to compute; a dry run shows it.</p>
      )}
      {data.complete && data.impact.length === 0 && <p className="t2">The change declares none.</p>}
      <div className={styles.impact}>
        <ImpactLines impact={data.impact} format={format} />
      </div>
    </Section>
  );
};
