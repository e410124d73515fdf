import type { Direction, Operation, Step } from "../api/queries.ts";
import { nameOf } from "../format.ts";
import { sentenceOf } from "../ui/operation-words.ts";

type Blocked = Pick<Step, "step" | "blocked_by" | "state" | "cascade">;

/** The steps that must move together with a step, in the order of moving; without the step itself. */
export const othersOf = ({ step, cascade }: Pick<Step, "step" | "cascade">): number[] =>
  cascade.steps.filter((each) => each !== step);

/**
 * What stands in the way of moving a step, as a sentence; undefined if nothing does.
 *
 * @param options.isCascade whether the steps that must move, too, do so
 */
export const blockerOf = (step: Blocked, { isCascade = false } = {}): string | undefined => {
  const obstacle = step.blocked_by.find((each) => typeof each === "string");
  if (typeof obstacle === "string") return obstacle;
  const others = othersOf(step);
  if (others.length === 0 || isCascade) return undefined;
  return step.state === "applied"
    ? `Roll back ${others.join(", ")} first.`
    : `Re-apply ${others.join(", ")} first.`;
};

/** Why no other move can start: who moves what. */
export const busyWith = (operation: Pick<Operation, "kind" | "steps" | "state" | "requested_by">): string =>
  `${nameOf(operation.requested_by)} works: ${sentenceOf(operation)}`;

/** What a move still lacks, as a sentence for the button; undefined if it can start. */
export const missingFor = ({
  direction,
  may,
  busy,
  blocker,
  needsReason,
  reason,
  phrases,
  typed,
  hasPlan,
}: {
  direction: Direction;
  may: boolean;
  /** A move that runs or starts, as a sentence. */
  busy: string | undefined;
  blocker: string | undefined;
  needsReason: boolean;
  reason: string;
  /** The phrases to type. */
  phrases: readonly string[];
  /** What was typed for each phrase. */
  typed: Readonly<Record<string, string>>;
  hasPlan: boolean;
}): string | undefined => {
  if (!may) return "Moving a step needs an admin.";
  if (busy !== undefined) return busy;
  if (blocker !== undefined) return blocker;
  const isRollback = direction === "rollback";
  const untyped = phrases.filter((phrase) => typed[phrase] !== phrase);
  const missing = [
    ...(hasPlan ? [] : ["a dry run"]),
    ...(isRollback && needsReason && reason.trim() === "" ? ["the reason"] : []),
    ...(isRollback && untyped.length > 0
      ? [untyped.length === 1 ? "the phrase" : `${untyped.length} phrases`]
      : []),
  ];
  return missing.length === 0 ? undefined : `Still missing: ${listOf(missing)}.`;
};

/** `a`, `a and b`, `a, b and c`. */
const listOf = (items: readonly string[]): string =>
  items.length === 1 ? String(items[0]) : `${items.slice(0, -1).join(", ")} and ${items.at(-1)}`;
