import { hostname } from "node:os";
import type { Notification } from "../model/notification.ts";
import type { Channel } from "../notify/channel.ts";
import { headline } from "../notify/message-text.ts";
import { clamp } from "./clamp.ts";
import { type HttpOptions, postJson } from "./post-json.ts";

const longestSummary = 1_024;

/**
 * Sends to PagerDuty's Events API v2: an alert triggers an incident, its end resolves it. A test triggers one of severity
 * `info` and resolves it at once.
 *
 * @param options.routingKey the integration key, a secret
 * @param options.url another region, such as `https://events.eu.pagerduty.com/v2/enqueue`
 */
export const pagerDutyChannel = ({
  routingKey,
  url,
  ...options
}: { routingKey: string; url: string } & HttpOptions): Channel => {
  const post = (event: object, signal: AbortSignal) =>
    postJson({
      ...options,
      service: "PagerDuty",
      url,
      body: JSON.stringify({ routing_key: routingKey, ...event }),
      signal,
      readResponse: (text) => ({ word: statusIn(text) }),
    });
  return {
    name: "pagerduty",
    send: async (notification, signal) => {
      const sent = await post(pagerDutyEvent(notification), signal);
      if (notification.occasion === "test" && sent.result === "accepted")
        await post(pagerDutyEvent({ ...notification, occasion: "resolved" }), signal);
      return sent;
    },
  };
};

/** An event without its routing key. All events of an alert share a key, so that they belong to one incident. */
export const pagerDutyEvent = (notification: Notification) => {
  const { occasion, alert, symptoms } = notification;
  const dedup_key = `earlybird:${alert.id}`;
  if (occasion === "resolved") return { event_action: "resolve", dedup_key };
  return {
    event_action: "trigger",
    dedup_key,
    client: "EarlyBird",
    payload: {
      summary: clamp(headline(notification), longestSummary),
      source: hostname(),
      severity: occasion === "test" ? "info" : alert.severity,
      timestamp: alert.fired_at,
      class: alert.type,
      ...(alert.key === "" ? {} : { component: alert.key }),
      custom_details: { ...alert.details, ...(symptoms === 0 ? {} : { suppressed_symptoms: symptoms }) },
    },
  };
};

/** PagerDuty answers `{"status":"success",...}` or `{"status":"invalid event",...}`. */
const statusIn = (text: string): string | undefined => /"status"\s*:\s*"([a-z ]{1,40})"/.exec(text)?.[1];
