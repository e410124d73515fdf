import { type AlertSeverity, isWorse } from "../model/alert.ts";
import { nextOfEachAlert, type QueuedDelivery } from "./delivery-queue.ts";

/** A failing critical notification goes first this many times; then it no longer holds up the others. */
const mostUrgentAttempts = 3;

/** When a message about a group was last sent, in milliseconds on a clock that only grows. */
export type LastSent = ReadonlyMap<string, number>;

/** What to send now, or how long to wait until a group is complete. */
export type NextBatch = { deliveries: [QueuedDelivery, ...QueuedDelivery[]] } | { waitMs: number };

export interface BatchOptions {
  lastSent: LastSent;
  groups: boolean;
  windowMs: number;
  nowMs: number;
}

/** Notifications with the same occasion, type and severity are one group. */
export const groupOf = ({ entry }: QueuedDelivery): string => {
  const { occasion, alert } = entry.notification;
  return `${occasion} ${alert.type} ${alert.severity}`;
};

/**
 * The next deliveries of a channel, critical ones first. If it groups, the first notification of a group is sent at once,
 * and those that follow within the window are one message at its end; otherwise each is sent alone. Pure.
 *
 * @param queue oldest first
 * @returns undefined if the queue is empty
 */
export const nextBatch = (
  queue: readonly QueuedDelivery[],
  { lastSent, groups, windowMs, nowMs }: BatchOptions,
): NextBatch | undefined => {
  const heads = nextOfEachAlert(queue);
  const remainingMs = (one: QueuedDelivery) =>
    (lastSent.get(groupOf(one)) ?? Number.NEGATIVE_INFINITY) + windowMs - nowMs;
  const [first] = heads.filter((one) => remainingMs(one) <= 0).sort(byUrgency);
  if (first) {
    // One that the other side refused may be at fault: it goes alone.
    const isAlone = !groups || first.refusedAtMs !== undefined;
    const others = heads.filter(
      (one) => one !== first && !isAlone && one.refusedAtMs === undefined && groupOf(one) === groupOf(first),
    );
    return { deliveries: [first, ...others] };
  }
  return heads.length === 0 ? undefined : { waitMs: Math.min(...heads.map(remainingMs)) };
};

/** The most severe first, then the one with the fewest attempts; otherwise the order stays. */
export const byUrgency = (a: QueuedDelivery, b: QueuedDelivery): number => {
  const [one, other] = [urgencyOf(a), urgencyOf(b)];
  if (one !== other) return isWorse(one, other) ? -1 : 1;
  return a.attempts - b.attempts;
};

const urgencyOf = ({ entry, attempts }: QueuedDelivery): AlertSeverity =>
  attempts < mostUrgentAttempts ? entry.notification.alert.severity : "warning";
