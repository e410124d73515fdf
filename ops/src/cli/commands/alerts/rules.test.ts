import { expect, test } from "vitest";
import { declaredInGuide } from "../../../../../test/support/declared-in-guide.ts";
import { createShelfCli } from "../../../../../test/support/shelf-cli.ts";
import { declaredPrometheusRules } from "../../../alerts/index.ts";

const nowhere = "postgresql://127.0.0.1:1/none";

test("alerts rules prints the declared alerts as Prometheus rules, without the database", async () => {
  const { alerts = [] } = declaredInGuide();
  const monitoring = `async () => ({ alerts: ${JSON.stringify(alerts)}, gauges: [{ name: "queue_depth" }] })`;
  const earlybird = await createShelfCli(`shelfChanges, monitoring: ${monitoring}`);
  expect(await earlybird(nowhere, "alerts", "rules")).toEqual({
    exitStatus: 0,
    stdout: declaredPrometheusRules(alerts),
    stderr: "",
  });
});

test.each([
  ["declares no alerts", "shelfChanges", "EB_NO_DECLARED_ALERTS"],
  [
    "declares an alert on an unknown gauge",
    `shelfChanges, monitoring: async () => ({ alerts: ${JSON.stringify(declaredInGuide().alerts)} })`,
    "EB_ALERT_DECLARATION",
  ],
])("alerts rules of a service that %s is refused", async (_, declared, code) => {
  const earlybird = await createShelfCli(declared);
  const { exitStatus, stdout, stderr } = await earlybird(nowhere, "alerts", "rules");
  expect([exitStatus, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(code);
});
