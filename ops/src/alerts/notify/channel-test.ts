import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { AlertSeverity, AlertType } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import { sanitizeMessage } from "../model/sanitize.ts";
import type { SendResult } from "./channel.ts";

/** The result of a test. */
export interface ChannelTest {
  channel: string;
  result: SendResult["result"];
  took_ms: number;
  /** The answer of the other side, without address or credentials; null if there was none. */
  answer: string | null;
}

interface Testable {
  test(notification: Notification): Promise<SendResult>;
}

export const noSuchChannel = defineFailure({
  code: "EB_NO_SUCH_CHANNEL",
  status: 404,
  exitStatus: 2,
  detail: "There is no channel {name}.",
  remedy: "Use one of {known}, or configure the channel first.",
});

const nothingIsWrong = "This is a test of the alert channels; nothing is wrong.";

/** Sends one test to the channel, or to all at once; see NotificationDispatcher.test. */
export const testChannels = async (
  channels: ReadonlyMap<string, Testable>,
  name: string | undefined,
  clock: Clock,
  message = nothingIsWrong,
): Promise<ChannelTest[]> => {
  if (name !== undefined && !channels.has(name))
    throw noSuchChannel({ name, known: [...channels.keys()].join(", ") });
  const notification = testNotification(clock.now(), message);
  const tested = [...channels].filter(([channel]) => name === undefined || channel === name);
  return Promise.all(
    tested.map(async ([channel, target]) => {
      const startedMs = clock.monotonicMs();
      const sent = await target.test(notification);
      const tookMs = Math.round((clock.monotonicMs() - startedMs) * 10) / 10;
      const answer = (sent.result === "accepted" ? sent.answer : sent.reason) ?? null;
      // A test reports unreached recipients as refused.
      const result = sent.result === "accepted" && sent.unreached !== undefined ? "refused" : sent.result;
      return { channel, result, took_ms: tookMs, answer };
    }),
  );
};

const testNotification = (now: Date, message: string): Notification => {
  const id = randomUUID();
  return {
    id,
    occasion: "test",
    alert: {
      id,
      type: AlertType.CUSTOM,
      key: "test",
      severity: AlertSeverity.WARNING,
      state: "firing",
      message: sanitizeMessage(message),
      details: { host: hostname() },
      fired_at: now.toISOString(),
      resolved_at: null,
      acknowledged: null,
    },
    symptoms: 0,
    created_at: now.toISOString(),
  };
};
