import type { Incident, NotificationState } from "../../model/record.ts";
import { skewMs } from "../../notify/policy.ts";
import type { RuleState } from "../../rules/evaluate.ts";
import type { SavedState } from "./saved-state.ts";

/**
 * The state with future times clamped to now. They were written before the clock was set back, and nothing must wait
 * for them.
 */
export const clampTimestamps = (state: SavedState, nowMs: number): SavedState => ({
  ...state,
  standings: state.standings.map((one) => ({ ...one, state: ruleStateBy(one.state, nowMs) })),
  incidents: state.incidents.map((one) => incidentBy(one, nowMs)),
  last_told: state.last_told.filter(([, { atMs }]) => atMs <= nowMs + skewMs),
  last_ended: state.last_ended.map(([type, { alert, atMs }]) => [
    type,
    { alert, atMs: Math.min(atMs, nowMs) },
  ]),
});

const ruleStateBy = (state: RuleState, nowMs: number): RuleState =>
  state.state === "inactive" || state.unknownSinceMs === null
    ? state
    : { ...state, unknownSinceMs: Math.min(state.unknownSinceMs, nowMs) };

const incidentBy = (incident: Incident, nowMs: number): Incident => {
  const { firedMs, telling, raised } = incident;
  return {
    ...incident,
    firedMs: Math.min(firedMs, nowMs),
    telling: notificationStateBy(telling, nowMs),
    raised: raised && { ...raised, lastMs: Math.min(raised.lastMs, nowMs) },
  };
};

const notificationStateBy = (telling: NotificationState, nowMs: number): NotificationState => {
  if (telling.state === "told") return { ...telling, atMs: Math.min(telling.atMs, nowMs) };
  return telling.state === "elsewhere"
    ? { ...telling, askAgainAtMs: Math.min(telling.askAgainAtMs, nowMs + skewMs) }
    : telling;
};
