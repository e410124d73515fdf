import type { Alert } from "./alert.ts";

/**
 * Why a notification is sent: the alert fired, became more severe, still fires (every four hours) or was resolved; or
 * it is a test of the channels.
 */
export type Occasion = "fired" | "worsened" | "reminder" | "resolved" | "test";

/** An alert that fires again: how often in the last hour, and since when it was sent for the first time. */
export interface Repetition {
  /** This time included, so at least 2. */
  count: number;
  within_seconds: number;
}

/** One message about an alert, as it is at that moment. */
export interface Notification {
  /** Unique. It stays the same in all attempts, also after a crash, so a channel can recognise a repetition. */
  id: string;
  occasion: Occasion;
  alert: Alert;
  /** How many alerts were held back because this one explains them. */
  symptoms: number;
  /** Set if the alert has been sent before in the last hour. */
  repetition?: Repetition;
  /**
   * The alerts whose notifications began the conversations about this one, if another instance did, or several: threads
   * and incidents of the other side are named after them. Without them, the alert itself.
   */
  threads?: readonly string[];
  /** The channels that earlier notifications about the alert went to. */
  notified?: readonly string[];
  /** The other notifications of a group that is sent in one message, which is about this one in the first place. */
  others?: readonly Notification[];
  /** ISO 8601. */
  created_at: string;
}

/** A notification that is with the channels. */
export interface QueuedNotification extends Notification {
  /** The names of those it is for, as far as they do not have it yet. */
  channels: readonly string[];
}

/** The result of one attempt to send to one channel. */
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
  /** The answer of the other side, without address or credentials; null if there was none. */
  answer: string | null;
  /** ISO 8601; null when it is not tried again. */
  next_at: string | null;
}

/** The public status of a channel. */
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

/** What the notifier needs of the dispatcher. */
export interface Dispatcher {
  /**
   * Accepts a notification, unless this or an earlier process already did. Resolves when it is on disk for every
   * channel; from then on it survives a crash.
   */
  dispatch(notification: Notification): Promise<void>;
  /**
   * Calls `listener` with notifications that are on disk, including those of an earlier process, and sends them when
   * it has resolved. Notifications that the listener recorded by then are not sent twice after a crash. Returns a
   * function that unsubscribes.
   */
  beforeSending(listener: (notifications: readonly QueuedNotification[]) => Promise<void>): () => void;
  /** Calls `listener` after each attempt. Returns a function that unsubscribes. */
  onAttempt(listener: (attempt: Attempt) => void): () => void;
  channels(): ChannelStatus[];
}
