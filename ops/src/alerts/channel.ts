import type { Alert } from "./alert.ts";

/** A way to reach people. */
export interface Channel {
  name: string;
  /**
   * Tries once to tell an alert, as it is now: firing or resolved.
   *
   * @param signal gives up at once when it is aborted
   * @returns what became of it; a reason never holds the channel's address or credentials
   */
  send(alert: Alert, signal: AbortSignal): Promise<SendResult>;
}

export type SendResult =
  | { result: "accepted" }
  /** It may work later; `afterMs` when the other side said how much later. */
  | { result: "try_again"; reason: string; afterMs?: number }
  /** It will not work however often it is tried. */
  | { result: "refused"; reason: string };
