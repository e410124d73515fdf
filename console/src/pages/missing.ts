import type { Direction, StepDetails } from "../api/queries.ts";

/** What a move still lacks, as a sentence for the button; undefined if it can start. */
export const missingFor = ({
  change: { risk, acknowledge, blocked_by },
  direction,
  may,
  reason,
  phrase,
  hasPlan,
  isMoving,
}: {
  change: Pick<StepDetails, "risk" | "acknowledge" | "blocked_by">;
  direction: Direction;
  may: boolean;
  reason: string;
  phrase: string;
  hasPlan: boolean;
  isMoving: boolean;
}): string | undefined => {
  if (!may) return "Moving a step needs an admin.";
  if (isMoving) return "The step is moving.";
  if (blocked_by.length > 0) return `Blocked: ${blocked_by[0]}`;
  if (!hasPlan) return "Still missing: a dry run.";
  if (direction === "reapply") return undefined;
  if ((risk === "high" || risk === "critical") && reason.trim() === "") return "Still missing: the reason.";
  if (acknowledge !== null && phrase !== acknowledge) return "Still missing: the phrase.";
  return undefined;
};
