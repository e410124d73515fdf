import { z } from "zod";
import { text } from "./validators.ts";

const httpUrl = (meaning: string) =>
  z.url({ protocol: /^https?$/, error: `must be the http(s) address of ${meaning}` });

/** The Standard Webhooks form: `whsec_` and 24 to 64 bytes in base64. */
const webhookSecret = text
  .regex(/^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/, "must be whsec_ and 24 to 64 bytes in base64")
  .optional();

/** The settings of messages, and of channels other than email and Slack. */
export const channelSettings = {
  SERVICE_NAME: text
    .optional()
    .describe("name of the service in alerts; default: that of earlybird.config.js"),
  ENVIRONMENT: text
    .optional()
    .describe("name of the environment in alerts, such as `prod`; default: NODE_ENV"),
  PUBLIC_URL: httpUrl("the service")
    .optional()
    .describe("address of the service as operators reach it; alerts link to the console below it"),
  RUNBOOK_URL: httpUrl("your instructions")
    .optional()
    .describe("address of your instructions, linked in alerts; `{type}` stands for the type of the alert"),
  ALERT_WEBHOOK_URL: httpUrl("your receiver")
    .optional()
    .describe("URL that receives each notification as JSON by HTTP POST"),
  ALERT_WEBHOOK_SECRET: webhookSecret.describe(
    "key that signs these requests as Standard Webhooks: `whsec_` and 24 to 64 bytes in base64",
  ),
  PAGERDUTY_ROUTING_KEY: text
    .regex(/^[A-Za-z0-9]{32}$/, "must be the 32 characters of an integration key")
    .optional()
    .describe("integration key of a PagerDuty service (Events API v2)"),
  PAGERDUTY_EVENTS_URL: httpUrl("the Events API")
    .default("https://events.pagerduty.com/v2/enqueue")
    .describe("URL of the Events API; in the EU `https://events.eu.pagerduty.com/v2/enqueue`"),
  TEAMS_WEBHOOK_URL: httpUrl("a Teams workflow")
    .optional()
    .describe("URL of a Microsoft Teams workflow that posts to a channel when it receives a webhook request"),
  TELEGRAM_BOT_TOKEN: text
    .regex(/^\d+:[\w-]{20,}$/, "must be the token of a bot, like 123456:ABC-DEF...")
    .optional()
    .describe("token of the Telegram bot that sends alerts"),
  TELEGRAM_CHAT_ID: text
    .regex(/^(-?\d+|@\w+)$/, "must be the number of a chat or the @name of a channel")
    .optional()
    .describe("chat that the bot sends alerts to"),
  TELEGRAM_API_URL: httpUrl("a Bot API server")
    .default("https://api.telegram.org")
    .describe("URL of the Bot API, for a Bot API server that you run"),
};

/** Those of {@link channelSettings} whose value may also come from a file. */
export const channelSecrets = [
  "ALERT_WEBHOOK_URL",
  "ALERT_WEBHOOK_SECRET",
  "PAGERDUTY_ROUTING_KEY",
  "TEAMS_WEBHOOK_URL",
  "TELEGRAM_BOT_TOKEN",
] as const;

/** Settings of channels that require each other. One sentence for each fault. */
export const channelFaults = (given: Readonly<Record<string, string | undefined>>): string[] =>
  (
    [
      ["ALERT_WEBHOOK_SECRET", "ALERT_WEBHOOK_URL"],
      ["TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"],
      ["TELEGRAM_CHAT_ID", "TELEGRAM_BOT_TOKEN"],
    ] as const
  ).flatMap(([name, needed]) =>
    given[name] && !given[needed] ? [`${name}: needs ${needed}: set it, or remove ${name}`] : [],
  );
