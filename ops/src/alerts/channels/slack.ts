import { type Clock, systemClock } from "../../core/clock.ts";
import { requestFailure } from "../model/request-failure.ts";
import type { Channel, SendResult } from "../notify/channel.ts";
import { retryAfterMs } from "./retry-after.ts";
import { slackMessage } from "./slack-format.ts";

/**
 * Sends to a Slack incoming webhook.
 *
 * @param options.webhookUrl a secret: it never appears in a result, an error or a log
 * @param options.timeoutMs how long one attempt may take
 */
export const slackChannel = ({
  webhookUrl,
  timeoutMs = 10_000,
  clock = systemClock,
}: {
  webhookUrl: string;
  timeoutMs?: number;
  clock?: Clock;
}): Channel => ({
  name: "slack",
  send: async (notification, signal) => {
    try {
      const response = await fetch(webhookUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(slackMessage(notification)),
        // A redirect would send the alert and the secret path to another host.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      // The status decides. If the body breaks off, a retry would send the alert twice.
      const words = await response.text().catch(() => "");
      const waitMs = retryAfterMs(response.headers.get("retry-after"), clock.now());
      return resultOf(response.status, words, waitMs);
    } catch (error) {
      return { result: "try_again", reason: requestFailure(error) };
    }
  },
});

const resultOf = (status: number, words: string, afterMs: number | undefined): SendResult => {
  // Slack answers with one word, such as no_service; anything longer might repeat the request.
  const word = /^[a-z_]{1,40}$/.test(words) ? `: ${words}` : "";
  const reason = `Slack answered ${status}${word}`;
  if (status >= 200 && status < 300) return { result: "accepted", answer: reason };
  if (status !== 408 && status !== 429 && status < 500) return { result: "refused", reason };
  return afterMs === undefined ? { result: "try_again", reason } : { result: "try_again", reason, afterMs };
};
