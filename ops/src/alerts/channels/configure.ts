import type { MonitoringSettings } from "../../settings/monitoring-settings.ts";
import type { Channel } from "../notify/channel.ts";
import { defaultThresholds, type Thresholds } from "../rules/thresholds.ts";
import type { SecurityThresholds } from "../security/brute-force-detector.ts";
import { emailChannel } from "./email.ts";
import { pagerDutyChannel } from "./pagerduty.ts";
import { slackChannel } from "./slack.ts";
import { teamsChannel } from "./teams.ts";
import { telegramChannel } from "./telegram.ts";
import { webhookChannel } from "./webhook.ts";

/** The channels that are set up, besides the log. */
export const channelsFrom = (settings: MonitoringSettings): Channel[] => {
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
      }),
    );
  }
  if (SLACK_WEBHOOK_URL) channels.push(slackChannel({ webhookUrl: SLACK_WEBHOOK_URL }));
  if (TEAMS_WEBHOOK_URL) channels.push(teamsChannel({ webhookUrl: TEAMS_WEBHOOK_URL }));
  if (PAGERDUTY_ROUTING_KEY) {
    channels.push(
      pagerDutyChannel({ routingKey: PAGERDUTY_ROUTING_KEY, url: settings.PAGERDUTY_EVENTS_URL }),
    );
  }
  if (TELEGRAM_BOT_TOKEN && TELEGRAM_CHAT_ID) {
    const { TELEGRAM_API_URL: apiUrl } = settings;
    channels.push(telegramChannel({ token: TELEGRAM_BOT_TOKEN, chatId: TELEGRAM_CHAT_ID, apiUrl }));
  }
  if (ALERT_WEBHOOK_URL)
    channels.push(webhookChannel({ url: ALERT_WEBHOOK_URL, secret: settings.ALERT_WEBHOOK_SECRET }));
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
