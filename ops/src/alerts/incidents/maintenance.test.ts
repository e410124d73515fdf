import { describe, expect, test } from "vitest";
import { createDecisions, down, well } from "../../../../test/support/decisions.ts";
import { maintenanceEvent } from "./mute-event.ts";

/** The tests begin on a Monday at 04:00 UTC. */
const monday = { every: "mon 05:00-06:00", zone: "UTC" };
const once = { from: "2026-01-05T05:00:00.000Z", until: "2026-01-05T06:00:00.000Z" };
const maintenance = { type: "DATABASE_DOWN", author: "Asha", reason: "new disks" } as const;

test.each([
  ["once", once],
  ["every week", monday],
])("a window that opens %s holds alerts back, and sends what still fires at its end", async (_, schedule) => {
  const { alerts, observe, pass, words } = createDecisions();
  const window = await alerts.addMaintenance({ ...maintenance, schedule });
  expect(window).toMatchObject({ ...maintenance, schedule, ...once, is_open: false });
  expect([alerts.maintenance(), alerts.mutes()]).toEqual([[window], []]);
  await pass(3_600);
  await observe(down, down);
  expect(words()).toEqual([]);
  expect(alerts.maintenance()).toMatchObject([{ is_open: true }]);
  expect(alerts.mutes()).toMatchObject([{ id: window.id, muted_at: once.from, until: once.until }]);
  const [active] = alerts.active();
  expect((await alerts.explain(active?.id ?? "")).decisions).toMatchObject([
    { decision: "muted", mute: window.id, by: "Asha", until: once.until, reason: "new disks" },
  ]);
  await pass(3_597);
  expect(words()).toEqual([]);
  await pass(1);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
});

test("a window for one time is gone after it, and a weekly one opens a week later", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  await alerts.addMaintenance({ ...maintenance, schedule: once });
  await alerts.addMaintenance({ ...maintenance, schedule: monday });
  await observe(down, down);
  await pass(3_600);
  await pass(3_600);
  expect(words()).toEqual(["fired DATABASE_DOWN", "reminder DATABASE_DOWN"]);
  expect(alerts.maintenance()).toMatchObject([{ schedule: monday, from: "2026-01-12T05:00:00.000Z" }]);
  await pass(7 * 86_400 - 3_600);
  expect(alerts.mutes()).toMatchObject([{ until: "2026-01-12T06:00:00.000Z" }]);
  await observe(well, well);
  expect(words()).toHaveLength(2);
});

test("a window that is removed while it is open sends what still fires", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  const { id } = await alerts.addMaintenance({ ...maintenance, schedule: once });
  await pass(3_600);
  await observe(down, down);
  for (const request of [{ id }, { type: "DATABASE_DOWN" }] as const) {
    const unmuting = alerts.unmute({ ...request, author: "Ravi" });
    await expect(unmuting).rejects.toMatchObject({ code: "EB_MUTED_BY_MAINTENANCE", status: 409 });
  }
  expect(await alerts.removeMaintenance({ id, author: "Ravi" })).toMatchObject({ id, is_open: true });
  await pass(0);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  const again = alerts.removeMaintenance({ id, author: "Ravi" });
  await expect(again).rejects.toMatchObject({ code: "EB_MAINTENANCE_UNKNOWN", status: 404 });
});

test("of a mute and a window, the one that ends later is named", async () => {
  const { alerts, pass } = createDecisions();
  const schedule = { every: "daily 00:00-24:00", zone: "UTC" };
  const { id } = await alerts.addMaintenance({ type: "CUSTOM", key: "disk", author: "Asha", schedule });
  await alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  const raised = alerts.raise({ type: "CUSTOM", key: "disk", message: "Full." });
  await pass(1);
  expect((await alerts.explain(raised.id)).decisions).toMatchObject([{ decision: "muted", mute: id }]);
});

const from = "2026-01-06T00:00:00.000Z";
test.each([
  [{ from, until: from }, "EB_MAINTENANCE_TIME"],
  [{ from, until: "2026-02-05T00:00:00.001Z" }, "EB_MAINTENANCE_TIME"],
  [{ from: "2026-01-05T02:00:00.000Z", until: "2026-01-05T04:00:00.000Z" }, "EB_MAINTENANCE_TIME"],
  [{ from: "2027-06-01T00:00:00.000Z", until: "2027-06-01T01:00:00.000Z" }, "EB_MAINTENANCE_TIME"],
  [{ from: "soon", until: "later" }, "EB_MAINTENANCE_TIME"],
  [{ every: "sun 2-4", zone: "UTC" }, "EB_MAINTENANCE_TIME"],
  [{ every: "sun 02:00-04:00", zone: "Mars/Olympus" }, "EB_TIME_ZONE"],
])("the schedule %j is refused with %s", async (schedule, code) => {
  const { alerts } = createDecisions();
  const adding = alerts.addMaintenance({ type: "CUSTOM", author: "Asha", schedule });
  await expect(adding).rejects.toMatchObject({ code, status: 422, exitStatus: 2 });
  expect(alerts.maintenance()).toEqual([]);
});

test("a window of critical alerts takes a reason", async () => {
  const { alerts } = createDecisions();
  const adding = alerts.addMaintenance({ type: "ALL", author: "Asha", schedule: once });
  await expect(adding).rejects.toMatchObject({ code: "EB_MUTE_NEEDS_REASON" });
});

describe("the security log has a window", () => {
  const by = { operator: "asha", origin: "cli host" };
  const window = { id: "w", key: null, route: null, author: "Asha", reason: "r", created_at: from };

  test.each([
    ["SECURITY_ALERT", once, true],
    ["ALL", once, true],
    ["CUSTOM", once, false],
    ["CUSTOM", { ...once, until: "2026-01-05T06:00:00.001Z" }, true],
    ["CUSTOM", monday, true],
  ] as const)("of %s %j: %s", (type, schedule, is) => {
    const event = maintenanceEvent({ ...window, type, schedule }, by);
    expect(event).toEqual(
      is
        ? { action: "mute", ...by, at: new Date(from), reason: "r", result: { type, ...schedule } }
        : undefined,
    );
  });
});
