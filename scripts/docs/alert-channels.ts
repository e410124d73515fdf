import { channelsFrom, routerFromSettings, rules } from "@earlybird-ops/platform/alerts";
import { type ChannelName, channelSetup } from "../../ops/src/settings/alert-routes.ts";
import { readSettings } from "../../ops/src/settings/settings.ts";
import { markdownTable } from "./marked-part.ts";

/** Settings with which every channel is set up. */
const everyChannel = {
  SMTP_SERVER: "smtp.example.com",
  ALERT_EMAIL_FROM: "alerts@example.com",
  ALERT_EMAIL_TO: "asha@example.com",
  SLACK_WEBHOOK_URL: "https://hooks.example.com/slack",
  TEAMS_WEBHOOK_URL: "https://hooks.example.com/teams",
  PAGERDUTY_ROUTING_KEY: "0".repeat(32),
  TELEGRAM_BOT_TOKEN: `1:${"a".repeat(20)}`,
  TELEGRAM_CHAT_ID: "1",
  ALERT_WEBHOOK_URL: "https://hooks.example.com/alerts",
};
const settingsWith = (more: Record<string, string>) => readSettings({ ...everyChannel, ...more }, "none");

/** A row for each channel: its settings, and whether it groups. */
export const channelTable = (): string =>
  markdownTable(
    ["channel", "settings", "several alerts of a type at once"],
    channelsFrom(settingsWith({})).map(({ name, groups }) => [
      code(name),
      channelSetup[name as ChannelName].map(code).join(", "),
      groups ? "one message" : "one request for each",
    ]),
  );

const exampleRoutes = "critical: pagerduty, slack; HIGH_CPU warning: none; warning: slack";

/** An example of routes, and where the alerts of the rules go with it. */
export const routingExample = (): string => {
  const settings = settingsWith({ ALERT_ROUTES: exampleRoutes });
  const router = routerFromSettings(settings, Object.keys(channelSetup));
  const table = markdownTable(
    ["alert", "severity", "channels besides the log"],
    rules.map(({ type, severity }) => [code(type), severity, channelsOf(router({ type, severity }))]),
  );
  return `\`\`\`\nALERT_ROUTES="${exampleRoutes}"\n\`\`\`\n\n${table}`;
};

const channelsOf = (names: readonly string[] | undefined): string => {
  if (names === undefined) return "all";
  return names.length === 0 ? "none" : names.map(code).join(", ");
};

const code = (text: string) => `\`${text}\``;
