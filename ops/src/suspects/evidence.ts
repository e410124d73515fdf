import { type Alert, formatDuration } from "../alerts/index.ts";
import type { Change, RollbackOperation } from "../rollback/index.ts";
import { describeMove, nameSteps, operationNouns } from "./wording.ts";

/** `Step 23 was rolled back 4 min before the alert fired.` */
export const operationTiming = (
  { kind, steps, state, started_at, finished_at }: RollbackOperation,
  firedAt: string,
): string => {
  const move = `The ${operationNouns[kind]} of ${nameSteps(steps)}`;
  if (finished_at === null || finished_at > firedAt)
    return `${move} began ${timeBefore(started_at, firedAt)} and was running then.`;
  if (state === "completed") return `${describeMove(kind, steps)} ${timeBefore(finished_at, firedAt)}.`;
  const ended = state === "interrupted" ? "was interrupted" : state === "aborted" ? "was aborted" : "failed";
  return `${move} ${ended} ${timeBefore(finished_at, firedAt)}.`;
};

/** `Step 23 was rolled back 5 h before the alert fired, and was still rolled back then.` */
export const standingTiming = (
  { kind, steps, started_at, finished_at }: RollbackOperation,
  firedAt: string,
): string => {
  const still = `${steps.length === 1 ? "was" : "were"} still rolled back then`;
  return `${describeMove(kind, steps)} ${timeBefore(finished_at ?? started_at, firedAt)}, and ${still}.`;
};

/** `4 min before the alert fired` */
export const timeBefore = (at: string, firedAt: string): string => {
  const ms = Date.parse(firedAt) - Date.parse(at);
  return ms < 1_000 ? "when the alert fired" : `${formatDuration(ms)} before the alert fired`;
};

/** One sentence for each declared effect on the route or the type of an alert; empty if there is none. */
export const effectsOn = (
  { type, details }: Pick<Alert, "type" | "details">,
  { kind }: Pick<RollbackOperation, "kind">,
  moved: readonly Pick<Change, "step" | "affects" | "whileRolledBack">[],
): string[] =>
  moved.flatMap(({ step, affects, whileRolledBack }) => {
    const route = affects?.routes.find((each) => each === details.route);
    const effects = [
      ...(route === undefined ? [] : [`Step ${step} affects ${route}, the route of this alert.`]),
      ...(affects?.alerts.includes(type) ? [`Step ${step} affects ${type} alerts.`] : []),
    ];
    if (effects.length === 0 || kind !== "rollback" || !whileRolledBack) return effects;
    return [...effects, `While step ${step} is rolled back: ${whileRolledBack}`];
  });

/** `Ada (u1) requested operation 12: "wrong prices".` */
export const requestOf = ({ id, requested_by, reason }: RollbackOperation): string =>
  `${requested_by} requested operation ${id}${reason ? `: "${reason}"` : ""}.`;
