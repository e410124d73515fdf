import { channelSetup } from "../../settings/alert-routes.ts";
import type { MonitoringSettings } from "../../settings/monitoring-settings.ts";
import { badConfiguration } from "../../settings/settings.ts";
import { type MessageContext, messageContextFrom } from "../message/context.ts";
import { AlertType } from "../model/alert.ts";
import type { Channel } from "../notify/channel.ts";
import { type Router, routerFrom, toAllChannels } from "../notify/routing.ts";
import { defaultThresholds, type Thresholds } from "../rules/thresholds.ts";
import type { SecurityThresholds } from "../security/brute-force-detector.ts";
import { emailChannel } from "./email.ts";
import { pagerDutyChannel } from "./pagerduty.ts";
import { slackChannel } from "./slack.ts";
import { teamsChannel } from "./teams.ts";
import { telegramChannel } from "./telegram.ts";
import { webhookChannel } from "./webhook.ts";

/** The channels that are set up, besides the log. */
export const channelsFrom = (
  settings: MonitoringSettings,
  context: MessageContext = messageContextFrom(settings),
): Channel[] => {
  const { SLACK_WEBHOOK_URL, SMTP_SERVER, ALERT_EMAIL_FROM, ALERT_EMAIL_TO } = settings;
  const { SMTP_USER, ALERT_EMAIL_PASSWORD, ALERT_WEBHOOK_URL, TEAMS_WEBHOOK_URL } = settings;
  const { PAGERDUTY_ROUTING_KEY, TELEGRAM_BOT_TOKEN, TELEGRAM_CHAT_ID } = settings;
  const channels: Channel[] = [];
  if (SMTP_SERVER && ALERT_EMAIL_FROM && ALERT_EMAIL_TO) {
    channels.push(
      emailChannel({
        server: SMTP_SERVER,
        port: settings.SMTP_PORT,
        secure: settings.SMTP_SECURE,
        ...(SMTP_USER === undefined ? {} : { user: SMTP_USER }),
        ...(ALERT_EMAIL_PASSWORD === undefined ? {} : { password: ALERT_EMAIL_PASSWORD }),
        from: ALERT_EMAIL_FROM,
        to: ALERT_EMAIL_TO,
        context,
      }),
    );
  }
  if (SLACK_WEBHOOK_URL) channels.push(slackChannel({ webhookUrl: SLACK_WEBHOOK_URL, context }));
  if (TEAMS_WEBHOOK_URL) channels.push(teamsChannel({ webhookUrl: TEAMS_WEBHOOK_URL, context }));
  if (PAGERDUTY_ROUTING_KEY) {
    channels.push(
      pagerDutyChannel({ routingKey: PAGERDUTY_ROUTING_KEY, url: settings.PAGERDUTY_EVENTS_URL, context }),
    );
  }
  if (TELEGRAM_BOT_TOKEN && TELEGRAM_CHAT_ID) {
    const { TELEGRAM_API_URL: apiUrl } = settings;
    channels.push(telegramChannel({ token: TELEGRAM_BOT_TOKEN, chatId: TELEGRAM_CHAT_ID, apiUrl, context }));
  }
  if (ALERT_WEBHOOK_URL)
    channels.push(webhookChannel({ url: ALERT_WEBHOOK_URL, secret: settings.ALERT_WEBHOOK_SECRET, context }));
  return channels;
};

/** From where on something is wrong, as the settings say. */
export const thresholdsFrom = (settings: MonitoringSettings): Thresholds => ({
  ...defaultThresholds,
  databaseSlowMs: settings.ALERT_DATABASE_SLOW_MS,
  errorRatePercent: settings.ALERT_ERROR_RATE_PERCENT,
  cpuPercent: settings.ALERT_CPU_PERCENT,
  eventLoopPercent: settings.ALERT_EVENT_LOOP_PERCENT,
  memoryPercent: settings.ALERT_MEMORY_PERCENT,
  apiTimeoutMs: settings.ALERT_API_TIMEOUT_MS,
});

/** From how many refusals on there is an alert, as the settings say. */
export const securityFrom = (settings: MonitoringSettings): SecurityThresholds => ({
  failedLogins: settings.ALERT_FAILED_LOGINS,
  refusals: settings.ALERT_REFUSALS,
  windowSeconds: settings.ALERT_SECURITY_WINDOW_SECONDS,
});

/**
 * The routes of alerts, as `ALERT_ROUTES` says.
 *
 * @param channels the names of those that are set up
 * @throws Failure EB_CONFIGURATION if a route names another channel or type
 */
export const routerFromSettings = (
  { ALERT_ROUTES: routes }: MonitoringSettings,
  channels: readonly string[],
): Router => {
  if (!routes) return toAllChannels;
  const types: readonly string[] = Object.values(AlertType);
  const faults = routes.flatMap((route) => [
    ...(route.type === null || types.includes(route.type)
      ? []
      : [`ALERT_ROUTES: there is no type ${route.type}; the types are ${types.join(", ")}`]),
    ...route.channels
      .filter((name) => !channels.includes(name))
      .map(
        (name) => `ALERT_ROUTES: ${name} is not set up: set ${channelSetup[name].join(", ")}, or remove it`,
      ),
  ]);
  if (faults.length > 0) throw badConfiguration([...new Set(faults)]);
  return routerFrom(routes);
};
