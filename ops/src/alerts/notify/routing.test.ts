import { expect, test } from "vitest";
import { readSettings } from "../../settings/settings.ts";
import { routerFromSettings } from "../channels/configure.ts";
import type { AlertSeverity, AlertType } from "../model/alert.ts";

const settingsWith = (ALERT_ROUTES: string) => readSettings({ ALERT_ROUTES }, "no-such-file");
const channels = ["email", "slack", "pagerduty"];

test.each<[string, AlertType, AlertSeverity, string[] | undefined]>([
  ["critical: pagerduty, slack", "DATABASE_DOWN", "critical", ["pagerduty", "slack"]],
  ["critical: pagerduty, slack", "DATABASE_DOWN", "error", undefined],
  ["SECURITY_ALERT: email; critical: pagerduty", "SECURITY_ALERT", "critical", ["email"]],
  ["critical: pagerduty; SECURITY_ALERT: email", "SECURITY_ALERT", "critical", ["pagerduty"]],
  ["HIGH_CPU warning: none; warning: slack;", "HIGH_CPU", "warning", []],
  ["HIGH_CPU warning: none; warning: slack;", "HIGH_CPU", "error", undefined],
  ["HIGH_CPU warning: none; warning: slack;", "HIGH_MEMORY", "warning", ["slack"]],
])("with %j, %s %s goes to %j", (routes, type, severity, names) => {
  expect(routerFromSettings(settingsWith(routes), channels)({ type, severity })).toEqual(names);
});

test.each([
  ["critical", /must be like .*, not "critical"/],
  ["critical: fax", /not "critical: fax"/],
  ["very critical: slack", /not "very critical: slack"/],
  [": slack", /not ": slack"/],
])("%j is refused when the settings are read", (routes, detail) => {
  expect(() => settingsWith(routes)).toThrow(detail);
});

test.each([
  ["DISK_FULL: slack", "there is no type DISK_FULL"],
  ["critical: teams", "teams is not set up: set TEAMS_WEBHOOK_URL, or remove it"],
])("%j is refused at the start", (routes, detail) => {
  expect(() => routerFromSettings(settingsWith(routes), channels)).toThrow(detail);
});
