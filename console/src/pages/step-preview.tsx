import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect } from "react";
import { previewQuery } from "../api/operations.ts";
import { type Direction, type DryRun, dryRun, type StepDetails } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { duration, type Format } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { serverNow } from "../live/server-clock.ts";
import { useNow } from "../shell/freshness.tsx";
import { Button } from "../ui/button.tsx";
import { ImpactLines } from "../ui/impact-lines.tsx";
import { Receipt } from "../ui/receipt.tsx";
import { Section } from "../ui/section.tsx";
import { Fault, Loading } from "../ui/states.tsx";
import styles from "./step.module.css";

/** A dry run that takes longer, by its estimate, does not start by itself. */
const dryRunByItselfMs = 1_000;

const staleAfterMs = 60_000;

/** A dry run of the possible move; it starts by itself for an admin if it is quick. */
export const useDryRun = ({ step, estimate }: StepDetails, direction: Direction) => {
  const { can } = useSession();
  const run = useMutation({
    mutationFn: async () => ({ run: await dryRun(step, direction), atMs: serverNow() }),
  });
  const startsByItself = can.move && estimate.duration_ms < dryRunByItselfMs;
  const { mutate } = run;
  useEffect(() => {
    if (startsByItself) mutate();
  }, [startsByItself, mutate]);
  return run;
};

/** The receipt of the dry run; until there is one, the impact that can be read without it. */
export const StepPreview = ({
  change,
  direction,
  rehearsal,
  format,
}: {
  change: StepDetails;
  direction: Direction;
  rehearsal: ReturnType<typeof useDryRun>;
  format: Format;
}) => {
  const { can } = useSession();
  const offline = useOfflineReason();
  const { step, estimate } = change;
  const { data, error, isPending, mutate } = rehearsal;
  return (
    <div>
      {data && <DryRunReceipt step={step} direction={direction} {...data} format={format} />}
      {isPending && <Loading lines={10} />}
      {error && <Fault error={error} />}
      {!data && !isPending && direction === "rollback" && <Impact step={step} format={format} />}
      <p className={styles.again}>
        <Button
          quiet
          missing={can.move ? offline : "A dry run executes the move and aborts it, which needs an admin."}
          onClick={() => mutate()}
        >
          {data ? "Run it again" : `Dry run, about ${format.ms(estimate.duration_ms)}`}
        </Button>
      </p>
    </div>
  );
};

const DryRunReceipt = ({
  step,
  direction,
  run,
  atMs,
  format,
}: {
  step: number;
  direction: Direction;
  run: DryRun;
  atMs: number;
  format: Format;
}) => {
  const ageMs = useNow() - atMs;
  return (
    <Receipt
      title={`Dry run of step ${step}, ${direction === "rollback" ? "rolling back" : "re-applying"}`}
      subtitle={
        <>
          {format.dateTime(new Date(atMs).toISOString())}
          <br />
          {run.executed ? "executed, measured, aborted: nothing changed" : "estimated"}
        </>
      }
      steps={run.steps}
      totalMs={run.total_ms}
      format={format}
    >
      <h2>Plan</h2>
      <p className={styles.plan}>
        <span>{run.plan.hash.match(/.{4}/g)?.join(" ")}</span>
        <span className={ageMs > staleAfterMs ? "warning" : "t2"}>{duration(ageMs)} old</span>
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
