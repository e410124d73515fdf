import { expect, test } from "vitest";
import { readSettings, secretSettings } from "./settings.ts";
import { settingsReport } from "./settings-report.ts";

const report = (environment: NodeJS.ProcessEnv) => settingsReport(readSettings(environment, "/nowhere/.env"));
const find = (reports: ReturnType<typeof report>, name: string) => reports.find((each) => each.name === name);

test("a setting has its value, its default and what it means", () => {
  const reports = report({ ALERT_CPU_PERCENT: "65" });
  expect(find(reports, "ALERT_CPU_PERCENT")).toEqual({
    name: "ALERT_CPU_PERCENT",
    description: expect.stringMatching(/^HIGH_CPU: /),
    default: "80",
    value: "65",
    is_secret: false,
    is_set: true,
  });
  expect(find(reports, "PORT")).toMatchObject({ value: "1001" });
  expect(find(reports, "SMTP_SERVER")).toMatchObject({ default: null, value: null, is_set: false });
});

test("the value of a secret is not in it, only whether there is one", () => {
  const reports = report({
    METRICS_TOKEN: "a token that nobody may see",
    DATABASE_URL: "postgres://a:hidden@b/c",
  });
  for (const name of secretSettings)
    expect(find(reports, name)).toMatchObject({ is_secret: true, value: null });
  expect(find(reports, "METRICS_TOKEN")).toMatchObject({ is_set: true });
  expect(find(reports, "JWT_SECRET")).toMatchObject({ is_set: false });
  expect(JSON.stringify(reports)).not.toMatch(/nobody may see|hidden/);
});
