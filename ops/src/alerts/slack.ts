import type { Channel, SendResult } from "./channel.ts";
import { slackMessage } from "./slack-message.ts";

const longestRetryAfterMs = 10 * 60_000;

/**
 * Sends to a Slack incoming webhook.
 *
 * @param options.webhookUrl a secret: it never appears in a result, an error or a log
 * @param options.timeoutMs how long one attempt may take
 */
export const slackChannel = ({
  webhookUrl,
  timeoutMs = 4_000,
}: {
  webhookUrl: string;
  timeoutMs?: number;
}): Channel => ({
  name: "slack",
  send: async (alert, signal) => {
    try {
      const response = await fetch(webhookUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(slackMessage(alert)),
        // A redirect would carry the alert, and a secret path, to somebody else.
        redirect: "manual",
        signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
      });
      const words = await response.text();
      return resultOf(response.status, words, response.headers.get("retry-after"));
    } catch (error) {
      return { result: "try_again", reason: kindOf(error) };
    }
  },
});

const resultOf = (status: number, words: string, retryAfter: string | null): SendResult => {
  if (status >= 200 && status < 300) return { result: "accepted" };
  // Slack answers with one word, such as no_service; anything longer might repeat the request.
  const word = /^[a-z_]{1,40}$/.test(words) ? `: ${words}` : "";
  const reason = `Slack answered ${status}${word}`;
  if (status !== 408 && status !== 429 && status < 500) return { result: "refused", reason };
  const afterMs = retryAfterMs(retryAfter, Date.now());
  return afterMs === undefined ? { result: "try_again", reason } : { result: "try_again", reason, afterMs };
};

/**
 * How long a `Retry-After` header asks to wait, in milliseconds: it holds seconds or a date. Undefined when
 * it holds neither; never more than ten minutes.
 */
export const retryAfterMs = (header: string | null, nowMs: number): number | undefined => {
  if (header === null || header.trim() === "") return undefined;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - nowMs;
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestRetryAfterMs);
};

/** Names the error without its words: fetch puts the address, which is the secret, into them. */
const kindOf = (error: unknown): string => {
  if (!(error instanceof Error)) return "the request failed";
  const { code } = (error.cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : error.name;
};
