import type { Occasion } from "../model/notification.ts";
import type { Entry } from "./outbox/entry.ts";

/** One notification that waits for one channel. */
export interface QueuedDelivery {
  entry: Entry;
  attempts: number;
  /** Since when, in this process, on a clock that only grows. */
  sinceMs: number;
  /** When the channel last refused it, on a clock that only grows. */
  refusedAtMs?: number;
}

/**
 * The oldest notification of each alert: those of one alert arrive in order, and a failing one delays only those of its
 * alert.
 *
 * @param queue oldest first
 */
export const nextOfEachAlert = (queue: readonly QueuedDelivery[]): QueuedDelivery[] => {
  const alerts = new Set<string>();
  return queue.filter(({ entry }) => {
    const { id } = entry.notification.alert;
    const isNext = !alerts.has(id);
    alerts.add(id);
    return isNext;
  });
};

/**
 * Inserts a notification by age: a notification that was taken over may be older than the queued ones. Those of one
 * alert are ordered by occasion, because the clock may have been set back in between.
 */
export const enqueue = (queue: QueuedDelivery[], waiting: QueuedDelivery): void => {
  const before = queue.findLastIndex((other) => !isBefore(waiting, other));
  const after = queue.findIndex((other) => isSameAlert(waiting, other) && isBefore(waiting, other));
  queue.splice(after === -1 ? before + 1 : Math.min(before + 1, after), 0, waiting);
};

const order: Readonly<Record<Occasion, number>> = {
  test: 0,
  fired: 0,
  worsened: 1,
  reminder: 1,
  resolved: 2,
};

const isSameAlert = (a: QueuedDelivery, b: QueuedDelivery): boolean =>
  a.entry.notification.alert.id === b.entry.notification.alert.id;

const isBefore = (a: QueuedDelivery, b: QueuedDelivery): boolean => {
  const [one, other] = [a.entry.notification, b.entry.notification];
  return isSameAlert(a, b) ? order[one.occasion] < order[other.occasion] : one.created_at < other.created_at;
};
