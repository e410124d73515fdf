import { createHmac } from "node:crypto";
import { systemClock } from "../../core/clock.ts";
import { type MessageContext, type MessageOptions, plainContext } from "../message/context.ts";
import { describe } from "../message/message.ts";
import type { Notification } from "../model/notification.ts";
import type { Channel } from "../notify/channel.ts";
import { type HttpOptions, postJson } from "./post-json.ts";

/**
 * Posts every notification as JSON to an address of your choice, signed as Standard Webhooks specify
 * (standardwebhooks.com): receivers verify it with any library for that specification.
 *
 * @param options.url may contain a secret
 * @param options.secret `whsec_` and 24 to 64 bytes in base64; without it, requests are not signed
 */
export const webhookChannel = ({
  url,
  secret,
  context = plainContext,
  ...options
}: { url: string; secret?: string | undefined } & MessageOptions & HttpOptions): Channel => ({
  name: "webhook",
  send: (notification, signal) => {
    const body = JSON.stringify(webhookBody(notification, context));
    const seconds = Math.floor((options.clock ?? systemClock).now().getTime() / 1_000);
    // The id is the same for each attempt, so receivers can discard repetitions.
    const headers = { "webhook-id": notification.id, "webhook-timestamp": String(seconds) };
    const signature = secret && { "webhook-signature": signatureOf(secret, notification.id, seconds, body) };
    return postJson({
      ...options,
      service: "The webhook",
      url,
      body,
      headers: { ...headers, ...signature },
      signal,
    });
  },
});

/** The body of a request: the notification, with its text in one line. Fields may be added in later versions. */
export const webhookBody = (notification: Notification, context: MessageContext) => {
  const { id, occasion, alert, symptoms, created_at, repetition = null, threads = [alert.id] } = notification;
  const { title: text, service, links } = describe(notification, context);
  return {
    type: `alert.${occasion}`,
    timestamp: created_at,
    data: { id, occasion, service, text, threads, repetition, symptoms, links, alert },
  };
};

const signatureOf = (secret: string, id: string, seconds: number, body: string): string => {
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  return `v1,${createHmac("sha256", key).update(`${id}.${seconds}.${body}`).digest("base64")}`;
};
