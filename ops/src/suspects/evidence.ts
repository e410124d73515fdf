import { type Alert, formatDuration } from "../alerts/index.ts";
import type { Instance } from "../monitoring/index.ts";
import {
  type Change,
  describeMove,
  nameSteps,
  operationNouns,
  type RollbackOperation,
} from "../rollback/index.ts";

/** `Step 23 was rolled back 4 min before the alert fired.` */
export const operationTiming = (
  { kind, steps, state, started_at, finished_at }: RollbackOperation,
  firedAt: string,
): string => {
  const move = `The ${operationNouns[kind]} of ${nameSteps(steps)}`;
  if (finished_at === null || finished_at > firedAt)
    return `${move} began ${before(started_at, firedAt)} and was running then.`;
  if (state === "completed") return `${describeMove(kind, steps)} ${before(finished_at, firedAt)}.`;
  const ended = state === "interrupted" ? "was interrupted" : state === "aborted" ? "was aborted" : "failed";
  return `${move} ${ended} ${before(finished_at, firedAt)}.`;
};

/** `Instance web-2 (process 7) started 3 min before the alert fired, with version 1.2.0.` */
export const instanceTiming = (name: string, { started_at, version }: Instance, firedAt: string): string =>
  `Instance ${name} started ${before(started_at, firedAt)}, with version ${version}.`;

const before = (at: string, firedAt: string): string => {
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
