import { type Clock, systemClock } from "../../core/clock.ts";
import { requestFailure } from "../model/request-failure.ts";
import type { SendResult } from "../notify/channel.ts";
import { retryAfterMs } from "./retry-after.ts";

export interface HttpOptions {
  /** Limit of one attempt, in milliseconds. */
  timeoutMs?: number | undefined;
  clock?: Clock | undefined;
}

export interface JsonPost extends HttpOptions {
  /** Name of the service in results, such as `Slack`. */
  service: string;
  /** May contain a secret: it never appears in a result, an error or a log. */
  url: string;
  body: string;
  headers?: Record<string, string>;
  signal: AbortSignal;
  /**
   * Reads the body of the response: a short word for the result, which must not repeat the request, and a time to wait
   * if the service states it there.
   */
  readResponse?: (text: string) => ResponseDetails;
}

export interface ResponseDetails {
  word?: string | undefined;
  afterMs?: number | undefined;
}

/** Makes one attempt to deliver a notification by HTTP POST, and classifies the response. Never rejects. */
export const postJson = async (request: JsonPost): Promise<SendResult> => {
  const { service, url, body, headers, signal, timeoutMs = 10_000, clock = systemClock } = request;
  const { readResponse = (): ResponseDetails => ({}) } = request;
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
      // A redirect would send the alert, and the secret, to another host.
      redirect: "manual",
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    // The status decides; a body that breaks off is no reason to send again.
    const text = await response.text().catch(() => "");
    const { word, afterMs } = readResponse(text);
    const reason = `${service} answered ${response.status}${word === undefined ? "" : `: ${word}`}`;
    return resultOf(
      response.status,
      reason,
      afterMs ?? retryAfterMs(response.headers.get("retry-after"), clock.now()),
    );
  } catch (error) {
    return { result: "try_again", reason: requestFailure(error) };
  }
};

const resultOf = (status: number, reason: string, afterMs: number | undefined): SendResult => {
  if (status >= 200 && status < 300) return { result: "accepted", answer: reason };
  if (status !== 408 && status !== 429 && status < 500) return { result: "refused", reason };
  return afterMs === undefined ? { result: "try_again", reason } : { result: "try_again", reason, afterMs };
};
