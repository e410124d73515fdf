import type { Alert } from "./alert.ts";

/**
 * Why people are told: an alert has begun, has become more severe, goes on (every four hours), has ended; or
 * somebody tries the channels.
 */
export type Occasion = "fired" | "worsened" | "reminder" | "resolved" | "test";

/** One message to people about one alert, as it is at that moment. */
export interface Notification {
  /**
   * Unique, and the same however often it is tried, also by the process after a crash: what a channel may use to
   * recognise a repetition.
   */
  id: string;
  occasion: Occasion;
  alert: Alert;
  /** How many alerts were held back because this one explains them. */
  symptoms: number;
  /** ISO 8601. */
  created_at: string;
}

/** A notification that is with the channels. */
export interface QueuedNotification extends Notification {
  /** The names of those it is for, as far as they do not have it yet. */
  channels: readonly string[];
}

/** What became of one attempt to tell one channel. */
export interface Attempt {
  notification_id: string;
  alert_id: string;
  occasion: Occasion;
  channel: string;
  /** The first is 1. */
  attempt: number;
  /** ISO 8601. */
  at: string;
  took_ms: number;
  outcome: "accepted" | "try_again" | "refused" | "given_up";
  /** What the other side said, without address or credentials; null where it said nothing. */
  answer: string | null;
  /** ISO 8601; null when it is not tried again. */
  next_at: string | null;
}

/** A channel as people may see it. */
export interface ChannelStatus {
  channel: string;
  state: "working" | "failing" | "broken";
  /** Why it is not working; null while it is. */
  reason: string | null;
  /** ISO 8601, of the present state. */
  since: string;
  /** Notifications that wait for it. */
  waiting: number;
}

/** What the decisions need of whoever brings notifications to people. */
export interface Dispatcher {
  /**
   * Takes a notification over, once: not what it has, or an earlier process had. Resolves when it is safely on
   * disk for every channel: from then on it is delivered, whatever happens to this process.
   */
  dispatch(notification: Notification): Promise<void>;
  /**
   * Calls `listener` with what is safely on disk, also what an earlier process has left, and sends it when that
   * has resolved: whoever notes by then that it is told does not tell it again after a crash. Returns how to end
   * that.
   */
  beforeSending(listener: (notifications: readonly QueuedNotification[]) => Promise<void>): () => void;
  /** Calls `listener` with each attempt, as soon as it has ended. Returns how to end that. */
  onAttempt(listener: (attempt: Attempt) => void): () => void;
  channels(): ChannelStatus[];
}
