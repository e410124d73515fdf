import type { Direction, Step } from "../api/queries.ts";

/** What stands in the way of moving a step, as a sentence; undefined if nothing does. */
export const blockerOf = ({ blocked_by, state }: Pick<Step, "blocked_by" | "state">): string | undefined => {
  const [first] = blocked_by;
  if (first === undefined) return undefined;
  if (typeof first === "string") return first;
  const steps = blocked_by.join(", ");
  return state === "applied" ? `Roll back ${steps} first.` : `Re-apply ${steps} first.`;
};

/** What a move still lacks, as a sentence for the button; undefined if it can start. */
export const missingFor = ({
  step,
  direction,
  may,
  reason,
  phrase,
  hasPlan,
  isMoving,
}: {
  step: Pick<Step, "risk" | "acknowledge" | "blocked_by" | "state">;
  direction: Direction;
  may: boolean;
  reason: string;
  phrase: string;
  hasPlan: boolean;
  isMoving: boolean;
}): string | undefined => {
  if (!may) return "Moving a step needs an admin.";
  if (isMoving) return "The step is moving.";
  const blocker = blockerOf(step);
  if (blocker !== undefined) return blocker;
  if (!hasPlan) return "Still missing: a dry run.";
  if (direction === "reapply") return undefined;
  const needsReason = step.risk === "high" || step.risk === "critical";
  if (needsReason && reason.trim() === "") return "Still missing: the reason.";
  if (step.acknowledge !== null && phrase !== step.acknowledge) return "Still missing: the phrase.";
  return undefined;
};
