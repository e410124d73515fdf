import type { Entry } from "../spool/entry.ts";

/** One notification that waits for one channel. */
export interface Waiting {
  entry: Entry;
  attempts: number;
  /** When the channel last refused it, on a clock that only grows. */
  refusedAtMs?: number;
}

/**
 * What to try next: of the oldest notification of each alert, for they must arrive in order, the one that was
 * tried least. So what a channel does not accept holds up nothing but what is to follow it.
 *
 * @param line oldest first
 */
export const nextInLine = (line: readonly Waiting[]): Waiting | undefined => {
  const alerts = new Set<string>();
  let next: Waiting | undefined;
  for (const waiting of line) {
    const { id } = waiting.entry.notification.alert;
    if (alerts.has(id)) continue;
    alerts.add(id);
    if (!next || waiting.attempts < next.attempts) next = waiting;
  }
  return next;
};

/** Puts a notification where its age belongs: what was taken over may be older than what is there. */
export const joinLine = (line: Waiting[], waiting: Waiting): void => {
  const { created_at } = waiting.entry.notification;
  const before = line.findLastIndex(({ entry }) => entry.notification.created_at <= created_at);
  line.splice(before + 1, 0, waiting);
};
