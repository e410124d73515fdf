import { hostname } from "node:os";
import { type MessageContext, type MessageOptions, plainContext } from "../message/context.ts";
import { describe } from "../message/message.ts";
import type { Notification } from "../model/notification.ts";
import type { Channel } from "../notify/channel.ts";
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
  context = plainContext,
  ...options
}: { routingKey: string; url: string } & MessageOptions & HttpOptions): Channel => {
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
      const [first, ...others] = pagerDutyEvents(notification, context);
      // Of two instances without a database, each opened an incident; both are resolved.
      for (const event of others) {
        const sent = await post(event, signal);
        if (sent.result !== "accepted") return sent;
      }
      const sent = await post(first, signal);
      if (notification.occasion === "test" && sent.result === "accepted")
        await post(pagerDutyEvents({ ...notification, occasion: "resolved" }, context)[0], signal);
      return sent;
    },
  };
};

/**
 * The events of a notification, without their routing key: one, or at the end one for each incident. All events of a thread
 * share a key, so that they belong to one incident.
 */
export const pagerDutyEvents = (
  notification: Notification,
  context: MessageContext,
): [object, ...object[]] => {
  const { occasion, alert, threads = [alert.id] } = notification;
  const [first = alert.id, ...others] = threads;
  if (occasion !== "resolved") return [triggerEvent(notification, keyOfIncident(first), context)];
  const resolve = (thread: string) => ({ event_action: "resolve", dedup_key: keyOfIncident(thread) });
  return [resolve(first), ...others.map(resolve)];
};

const keyOfIncident = (thread: string): string => `earlybird:${thread}`;

const triggerEvent = (notification: Notification, dedup_key: string, context: MessageContext) => {
  const { occasion, alert, symptoms } = notification;
  const { title, advice, links } = describe(notification, context);
  return {
    event_action: "trigger",
    dedup_key,
    client: "EarlyBird",
    ...(links.length > 0 && { links: links.map(({ label, url }) => ({ text: label, href: url })) }),
    payload: {
      summary: clamp(title, longestSummary),
      source: hostname(),
      severity: occasion === "test" ? "info" : alert.severity,
      timestamp: alert.fired_at,
      class: alert.type,
      group: context.service,
      ...(alert.key === "" ? {} : { component: alert.key }),
      custom_details: {
        ...alert.details,
        ...(advice && { impact: advice.impact, what_to_do: advice.action }),
        ...(symptoms > 0 && { suppressed_symptoms: symptoms }),
      },
    },
  };
};

/** PagerDuty answers `{"status":"success",...}` or `{"status":"invalid event",...}`. */
const statusIn = (text: string): string | undefined => /"status"\s*:\s*"([a-z ]{1,40})"/.exec(text)?.[1];
