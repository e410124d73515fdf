import type { Attempt } from "../model/notification.ts";
import type { Entry } from "./outbox/entry.ts";

/** The result of an attempt, with its outbox entry. */
export interface DeliveryResult {
  entry: Entry;
  channel: string;
  /** The first is 1. */
  attempt: number;
  at: Date;
  tookMs: number;
  outcome: Attempt["outcome"];
  /** The answer of the other side. */
  answer: string | null;
  /** Null after the last attempt. */
  nextAt: Date | null;
}

/** The same for the API and the history. */
export const attemptOf = (settled: DeliveryResult): Attempt => {
  const { entry, channel, attempt, at, tookMs, outcome, answer, nextAt } = settled;
  const { id, occasion, alert } = entry.notification;
  return {
    notification_id: id,
    alert_id: alert.id,
    occasion,
    channel,
    attempt,
    at: at.toISOString(),
    took_ms: Math.round(tookMs * 10) / 10,
    outcome,
    answer,
    next_at: nextAt?.toISOString() ?? null,
  };
};
