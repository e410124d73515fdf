import type { Notification } from "../model/notification.ts";

/** A way to reach people. */
export interface Channel {
  name: string;
  /**
   * Tries once to tell people.
   *
   * @param signal gives up at once when it is aborted
   * @returns what became of it; an answer or a reason never holds a password or a secret address
   */
  send(notification: Notification, signal: AbortSignal): Promise<SendResult>;
}

/**
 * `unreached` says of whom it is known that they will not get it, and why, until somebody mends the channel or
 * its settings, while others get it, or may later.
 */
export type SendResult =
  /** `answer` is what the other side said to it. */
  | { result: "accepted"; answer?: string; unreached?: string }
  /** It may work later; `afterMs` when the other side said how much later. */
  | { result: "try_again"; reason: string; afterMs?: number; unreached?: string }
  /** It will not work, however often it is tried, until somebody mends the channel or its settings. */
  | { result: "refused"; reason: string };
