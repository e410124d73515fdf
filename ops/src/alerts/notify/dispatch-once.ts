import type { Clock } from "../../core/clock.ts";
import type { Dispatcher, Notification, Occasion, Repetition } from "../model/notification.ts";
import { type Choice, failoverDelayMs } from "../model/notification-decision.ts";
import { type Incident, notifiedElsewhere } from "../model/record.ts";
import { askAgainAfterMs, type Deduplication } from "./deduplication.ts";

/** The result of a dispatch in this process. */
export type DispatchResult =
  | { choice: Choice & { decision: "told" } }
  /** `askAgainAfterMs` if something is left to send in case the other instance dies. */
  | { choice: Choice & { decision: "told_elsewhere" }; askAgainAfterMs?: number }
  | { choice: Choice & { decision: "waits_for_turn" } };

export interface DispatchOnceOptions {
  dispatcher: Dispatcher;
  claims: Deduplication;
  /** The number of running instances that come before this one. */
  rank: () => number;
  clock: Clock;
}

/**
 * Dispatches a notification once across all instances. If the database is unavailable, the first instance sends at once,
 * and each other one a minute later than the one before it, in case that has died: twice is better than never.
 *
 * Resolves when the notification is on disk, or when another instance is known to send it.
 *
 * @param notification of the incident as it was; later changes are part of the next notification
 */
export const dispatchOnce = async (
  { dispatcher, claims, rank: countEarlier, clock }: DispatchOnceOptions,
  incident: Incident,
  notification: Notification,
  nowMs: number,
): Promise<DispatchResult> => {
  const { occasion } = notification;
  const rank = countEarlier();
  const failoverAtMs = incident.firedMs + rank * failoverDelayMs;
  const waitsForTurn = {
    decision: "waits_for_turn",
    rank,
    until: new Date(failoverAtMs).toISOString(),
  } as const;
  const neverNotified = incident.telling.state === "untold";
  // An earlier instance may have sent the start without recording it, and needs a moment to catch up.
  if (occasion === "resolved" && neverNotified && nowMs < failoverAtMs) return { choice: waitsForTurn };
  const claim =
    occasion === "resolved"
      ? await claims.claimResolved(incident, clock.now())
      : await claims.claimFiring(incident, clock.now());
  if (claim.claim !== "unknown") incident.threads = claim.threads;
  if (claim.claim === "theirs") {
    const { instance, alert } = claim;
    const choice = { decision: "told_elsewhere", instance, alert } as const;
    const isOver = occasion === "resolved" && claim.hasEnded;
    return isOver ? { choice } : { choice, askAgainAfterMs: claim.askAgainAfterMs };
  }
  if (claim.claim === "unknown") {
    if (neverNotified && nowMs < failoverAtMs) return { choice: waitsForTurn };
    // The other instance probably continues; the check can wait for the database.
    const theirs = notifiedElsewhere(incident, occasion);
    if (theirs) return { choice: theirs, askAgainAfterMs };
  }
  const { threads } = incident;
  await dispatcher.dispatch(threads ? { ...notification, threads } : notification);
  if (occasion !== "resolved") claims.confirm(incident, clock.now());
  const { id, symptoms } = notification;
  return { choice: { decision: "told", notification_id: id, symptoms } };
};

/** The notification of an incident as it is now. */
export const notificationOf = (
  incident: Incident,
  occasion: Occasion,
  now: Date,
  repetition?: Repetition,
): Notification => ({
  id: idOf(incident, occasion),
  occasion,
  alert: { ...incident.alert, details: { ...incident.alert.details } },
  symptoms: incident.symptoms.length,
  ...notifiedChannels(incident),
  ...(repetition && occasion === "fired" ? { repetition } : {}),
  created_at: now.toISOString(),
});

const notifiedChannels = ({ decisions }: Incident): Pick<Notification, "notified"> => {
  const names = decisions.flatMap((one) => (one.decision === "told" ? (one.channels ?? []) : []));
  return names.length === 0 ? {} : { notified: [...new Set(names)] };
};

/** The same id after a crash, so that the next process finds it in the spool; another id for each reminder. */
const idOf = ({ alert, decisions }: Incident, occasion: Occasion): string => {
  const told = decisions.filter((one) => one.decision === "told" && one.occasion === occasion).length;
  return `${alert.id}-${occasion}-${told + 1}`;
};
