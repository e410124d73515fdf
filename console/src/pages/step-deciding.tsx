import { useQuery } from "@tanstack/react-query";
import { useSearch } from "@tanstack/react-router";
import { type ReactNode, useState } from "react";
import { ApiError } from "../api/client.ts";
import type { useMove } from "../api/operations.ts";
import { alertQuery, type Direction, type Operation, type Step, type StepDetails } from "../api/queries.ts";
import type { Format } from "../format.ts";
import { blockerOf, busyWith } from "./missing.ts";
import styles from "./step.module.css";
import { Cascade } from "./step-cascade.tsx";
import { Decision } from "./step-decision.tsx";
import { usePlan } from "./step-plan.ts";
import { StepPreview } from "./step-preview.tsx";

/** The three columns of a step that can move: its dry run, the decision, and `children`. */
export const Deciding = ({
  change,
  steps,
  operation,
  moving,
  format,
  children,
}: {
  change: StepDetails;
  steps: readonly Step[];
  /** The operation that runs now, if any. */
  operation: Pick<Operation, "kind" | "steps" | "state" | "requested_by"> | undefined;
  moving: ReturnType<typeof useMove>;
  format: Format;
  children: ReactNode;
}) => {
  const search = useSearch({ from: "/inside/changes/$step" });
  const alert = useQuery({ ...alertQuery(search.alert ?? ""), enabled: search.alert !== undefined }).data
    ?.alert;
  const [isCascade, setIsCascade] = useState(search.cascade === true);
  const { step, cascade } = change;
  const direction: Direction = change.state === "applied" ? "rollback" : "reapply";
  const numbers = isCascade ? cascade.steps : [step];
  const movingSteps = numbers.flatMap((number) => steps.filter((each) => each.step === number));
  const blocker = blockerOf(change, { isCascade });
  const busy = operation ? busyWith(operation) : moving.isPending ? "The move starts." : undefined;
  const plan = usePlan({
    step,
    direction,
    moving: movingSteps,
    isCascade,
    isFree: blocker === undefined && busy === undefined,
  });
  return (
    <div className={styles.columns}>
      <StepPreview
        change={change}
        direction={direction}
        moving={movingSteps}
        plan={plan}
        busy={busy}
        format={format}
      />
      <div className={styles.decision}>
        <Cascade change={change} steps={steps} isChosen={isCascade} onChoose={setIsCascade} />
        <Decision
          // The reason of an alert arrives later than the page.
          key={alert?.id}
          change={change}
          direction={direction}
          moving={movingSteps}
          plan={plan.measured?.run}
          alert={alert}
          blocker={blocker}
          busy={busy}
          format={format}
          onMove={(move) =>
            moving.mutate(
              { ...move, step, direction, cascade: isCascade },
              { onError: (error) => void (isStale(error) && plan.compare()) },
            )
          }
        />
      </div>
      <aside className={styles.context}>{children}</aside>
    </div>
  );
};

const isStale = (error: Error) => error instanceof ApiError && error.problem?.code === "EB_PLAN_STALE";
