import type { Notification } from "../model/notification.ts";

/** A destination of notifications. */
export interface Channel {
  name: string;
  /**
   * Whether people read it: then notifications of one type that arrive together are one message (`others`). Systems
   * get each alert on its own.
   */
  groups?: boolean;
  /**
   * Sends a notification once.
   *
   * @param signal aborts the attempt
   * @returns the result; an answer or reason never holds a password or a secret address
   */
  send(notification: Notification, signal: AbortSignal): Promise<SendResult>;
}

/**
 * `unreached` names recipients that do not get the notification until the settings change, while others do, or may
 * later.
 */
export type SendResult =
  /** `answer` is the answer of the other side. */
  | { result: "accepted"; answer?: string; unreached?: string }
  /** It may work later; `afterMs` is the delay that the other side requests. */
  | { result: "try_again"; reason: string; afterMs?: number; unreached?: string }
  /** It fails until the channel or its settings change. */
  | { result: "refused"; reason: string };
