import { z } from "zod";

/** The channels that notifications go to, besides the log, with the settings that set each up. */
export const channelSetup = {
  email: ["SMTP_SERVER", "ALERT_EMAIL_FROM", "ALERT_EMAIL_TO"],
  slack: ["SLACK_WEBHOOK_URL"],
  teams: ["TEAMS_WEBHOOK_URL"],
  pagerduty: ["PAGERDUTY_ROUTING_KEY"],
  telegram: ["TELEGRAM_BOT_TOKEN", "TELEGRAM_CHAT_ID"],
  webhook: ["ALERT_WEBHOOK_URL"],
} as const;
export type ChannelName = keyof typeof channelSetup;

/** Alerts of this type and severity (null: any) go to these channels. */
export interface AlertRoute {
  type: string | null;
  severity: "warning" | "error" | "critical" | null;
  channels: readonly ChannelName[];
}

const severities = ["warning", "error", "critical"] as const;
const form = 'must be like "critical: pagerduty, slack; SECURITY_ALERT: email; warning: none"';

/**
 * Routes of alerts to channels: `critical: pagerduty, slack; HIGH_CPU warning: none`. The first route that matches an
 * alert decides; an alert that none matches goes to all channels.
 */
export const alertRoutes = z.string().transform((text, context): AlertRoute[] => {
  const routes: AlertRoute[] = [];
  for (const rule of text.split(";").map((each) => each.trim())) {
    if (rule === "") continue;
    const [matcher = "", targets = "", ...more] = rule.split(":").map((each) => each.trim());
    const words = matcher.split(/\s+/);
    const severity = severities.find((one) => words.includes(one)) ?? null;
    const types = words.filter((word) => word !== severity);
    const [type = null] = types;
    const channels = targets === "none" ? [] : targets.split(",").map((name) => name.trim());
    const isRead =
      more.length === 0 &&
      matcher !== "" &&
      types.length <= 1 &&
      (type === null || /^[A-Z_]+$/.test(type)) &&
      channels.every(isChannelName);
    if (isRead) routes.push({ type, severity, channels: channels as ChannelName[] });
    else context.addIssue({ code: "custom", message: `${form}, not "${rule}"` });
  }
  return routes;
});

const isChannelName = (name: string): boolean => Object.hasOwn(channelSetup, name);
