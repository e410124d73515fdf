import { expect, test } from "vitest";
import { readSettings } from "../../settings/settings.ts";
import { defaultThresholds } from "../rules/thresholds.ts";
import { defaultSecurityThresholds } from "../security/brute-force-detector.ts";
import { channelsFrom, securityFrom, thresholdsFrom } from "./configure.ts";

const read = (environment: NodeJS.ProcessEnv = {}) => readSettings(environment, "/nowhere/.env");

test("without settings, every threshold has its default", () => {
  expect(thresholdsFrom(read())).toEqual(defaultThresholds);
  expect(securityFrom(read())).toEqual(defaultSecurityThresholds);
});

test("each threshold has its setting", () => {
  const settings = read({
    ALERT_DATABASE_SLOW_MS: "1",
    ALERT_ERROR_RATE_PERCENT: "2",
    ALERT_CPU_PERCENT: "3",
    ALERT_MEMORY_PERCENT: "4",
    ALERT_API_TIMEOUT_MS: "5",
    ALERT_FAILED_LOGINS: "6",
    ALERT_REFUSALS: "7",
    ALERT_SECURITY_WINDOW_SECONDS: "80",
  });
  expect(thresholdsFrom(settings)).toMatchObject({
    databaseSlowMs: 1,
    errorRatePercent: 2,
    cpuPercent: 3,
    memoryPercent: 4,
    apiTimeoutMs: 5,
  });
  expect(securityFrom(settings)).toEqual({ failedLogins: 6, refusals: 7, windowSeconds: 80 });
});

test("a channel exists if it is configured", () => {
  const slack = { SLACK_WEBHOOK_URL: "https://hooks.slack.com/services/T/B/x" };
  const email = {
    SMTP_SERVER: "smtp.example.com",
    ALERT_EMAIL_FROM: "EarlyBird <alerts@example.com>",
    ALERT_EMAIL_TO: "asha@example.com",
  };
  const others = {
    TEAMS_WEBHOOK_URL: "https://prod-1.logic.azure.com/workflows/x",
    PAGERDUTY_ROUTING_KEY: "k".repeat(32),
    TELEGRAM_BOT_TOKEN: `1:${"t".repeat(30)}`,
    TELEGRAM_CHAT_ID: "42",
    ALERT_WEBHOOK_URL: "https://example.com/alerts",
  };
  const names = (environment: NodeJS.ProcessEnv) => channelsFrom(read(environment)).map(({ name }) => name);
  expect([names({}), names(slack), names({ ...slack, ...email }), names(others)]).toEqual([
    [],
    ["slack"],
    ["email", "slack"],
    ["teams", "pagerduty", "telegram", "webhook"],
  ]);
});
