import { describe, expect, test } from "vitest";
import { createDecisions, down, well, withSymptoms } from "../../../../test/support/decisions.ts";
import { includes } from "./mute-scope.ts";

const hour = { duration_seconds: 3_600, author: "Asha" };
const maintenance = { ...hour, type: "DATABASE_DOWN", reason: "maintenance" } as const;
const all = { limit: 10 };

test("a muted alert is recorded and not sent, with author, end and reason of the mute", async () => {
  const { alerts, told, observe } = createDecisions();
  const mute = await alerts.mute(maintenance);
  expect(mute).toMatchObject({ until: "2026-01-05T05:00:00.000Z", author: "Asha" });
  expect([alerts.mutes(), alerts.summary().muted]).toEqual([[mute], [mute]]);
  await observe(down, down, well, well);
  expect(told).toEqual([]);
  const [record] = (await alerts.history(all)).alerts;
  const muted = { decision: "muted", by: "Asha", until: "2026-01-05T05:00:00.000Z", reason: "maintenance" };
  expect(record?.decisions).toMatchObject([
    { occasion: "fired", ...muted },
    { occasion: "resolved", decision: "never_told" },
  ]);
  expect((await alerts.explain(record?.alert.id ?? "")).decisions[0]?.why).toBe(
    `not sent: muted by Asha until 2026-01-05T05:00:00.000Z, mute ${mute.id} of DATABASE_DOWN, because: maintenance`,
  );
});

test("a mute expires, and an alert that still fires is sent then", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  await alerts.mute(maintenance);
  await observe(down, down);
  await pass(3_597);
  expect(words()).toEqual([]);
  await pass(1);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  expect(alerts.mutes()).toEqual([]);
});

test("a mute can be ended, and an alert that was sent before and still fires is sent again", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  await observe(down, down);
  await alerts.mute(maintenance);
  await pass(5 * 3_600 - 60 * 60 - 10);
  await alerts.mute(maintenance);
  await pass(600);
  expect(words()).toEqual(["fired DATABASE_DOWN", "reminder DATABASE_DOWN"]);
  await alerts.unmute({ type: "DATABASE_DOWN", author: "Ravi" });
  await pass(0);
  expect(words()).toEqual(["fired DATABASE_DOWN", "reminder DATABASE_DOWN", "reminder DATABASE_DOWN"]);
  await expect(alerts.unmute({ type: "DATABASE_DOWN", author: "Ravi" })).rejects.toMatchObject({
    code: "EB_NOT_MUTED",
  });
});

test("an inhibited alert whose mute ends is sent when its cause has ended and it still fires", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  await observe(withSymptoms(well), withSymptoms(well));
  await alerts.mute({ ...hour, type: "API_TIMEOUT" });
  await pass(3_500);
  await observe(withSymptoms(down), withSymptoms(down));
  await pass(100);
  await observe(withSymptoms(well), withSymptoms(well));
  expect(words().slice(2)).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
  await pass(118);
  expect(words().slice(4)).toEqual([]);
  await pass(1);
  expect(words().slice(4)).toEqual(["reminder API_TIMEOUT"]);
  await pass(3_600);
  expect(words()).toHaveLength(5);
});

test("the end of an alert that was sent before is not sent while it is muted", async () => {
  const { alerts, observe, words } = createDecisions();
  await observe(down, down);
  await alerts.mute(maintenance);
  await observe(well, well);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  expect((await alerts.history(all)).alerts[0]?.decisions.at(-1)).toMatchObject({
    occasion: "resolved",
    decision: "muted",
  });
});

test("all types can be muted at once, and a mute of one type does not affect another", async () => {
  const { alerts, pass, words } = createDecisions();
  await alerts.mute({ ...hour, type: "CUSTOM" });
  alerts.raise({ type: "CUSTOM", message: "Muted." });
  alerts.raise({ type: "DELIVERY_ISSUE", key: "a", message: "Told." });
  await pass(1);
  expect(words()).toEqual(["fired DELIVERY_ISSUE"]);
  await alerts.mute({ ...hour, type: "ALL", reason: "the move to the new house" });
  alerts.raise({ type: "DELIVERY_ISSUE", key: "b", message: "Muted as well." });
  await pass(1);
  expect(words()).toEqual(["fired DELIVERY_ISSUE"]);
});

test.each(["DATABASE_DOWN", "BILLING_FAILURE", "SECURITY_ALERT", "ALL"] as const)(
  "to mute %s takes a reason",
  async (type) => {
    const { alerts } = createDecisions();
    const refusal = { code: "EB_MUTE_NEEDS_REASON", status: 422, exitStatus: 6 };
    await expect(alerts.mute({ ...hour, type })).rejects.toMatchObject(refusal);
    await expect(alerts.mute({ ...hour, type, reason: "  " })).rejects.toMatchObject(refusal);
    expect(alerts.mutes()).toEqual([]);
  },
);

test.each([0, -1, 1.5, Number.NaN, 30 * 86_400 + 1])(
  "nothing is muted for %f seconds",
  async (duration_seconds) => {
    const { alerts } = createDecisions();
    await expect(alerts.mute({ ...hour, type: "CUSTOM", duration_seconds })).rejects.toMatchObject({
      code: "EB_MUTE_DURATION",
    });
  },
);

test("a later mute of the same type replaces the earlier one", async () => {
  const { alerts } = createDecisions();
  await alerts.mute({ ...hour, type: "CUSTOM" });
  const later = await alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Ravi" });
  expect(alerts.mutes()).toEqual([later]);
});

describe("a mute of one key or route", () => {
  const route = "GET /api/orders";
  const slow = { ...hour, type: "API_TIMEOUT" } as const;

  test("holds back these alerts, beside other mutes of the type; the decision names the mute", async () => {
    const { alerts, observe, words } = createDecisions();
    const mutes = [
      await alerts.mute({ ...slow, route }),
      await alerts.mute({ ...slow, key: "POST /api/orders" }),
      await alerts.mute({ ...hour, type: "CUSTOM", key: "sda" }),
    ];
    expect(alerts.mutes()).toEqual(mutes);
    alerts.raise({ type: "CUSTOM", key: "sda", message: "Full." });
    alerts.raise({ type: "CUSTOM", key: "sdb", message: "Full." });
    await observe(withSymptoms(well), withSymptoms(well));
    expect(words()).toEqual(["fired CUSTOM", "fired HIGH_ERROR_RATE"]);
    const { alert } = (await alerts.history({ limit: 1, type: "API_TIMEOUT" })).alerts[0] ?? {};
    expect((await alerts.explain(alert?.id ?? "")).decisions).toMatchObject([
      {
        mute: mutes[0]?.id,
        why: expect.stringContaining(`mute ${mutes[0]?.id} of API_TIMEOUT (route ${route})`),
      },
    ]);
  });

  test("is ended by its id or its scope, and then the alert is sent", async () => {
    const { alerts, observe, pass, words } = createDecisions();
    const { id } = await alerts.mute({ ...slow, route });
    await alerts.mute({ ...slow, key: route });
    await alerts.mute(slow);
    await observe(withSymptoms(well), withSymptoms(well));
    for (const ended of [{ id }, { type: "API_TIMEOUT" }, { type: "API_TIMEOUT", key: route }] as const) {
      expect(words()).toEqual(["fired HIGH_ERROR_RATE"]);
      await alerts.unmute({ ...ended, author: "Ravi" });
      await pass(0);
    }
    expect(words()).toEqual(["fired HIGH_ERROR_RATE", "fired API_TIMEOUT"]);
    for (const none of [{ id }, { type: "API_TIMEOUT", key: route }] as const) {
      const ending = alerts.unmute({ ...none, author: "Ravi" });
      await expect(ending).rejects.toMatchObject({ code: "EB_NOT_MUTED", status: 404 });
    }
  });

  test("replaces the mute of the same scope only", async () => {
    const { alerts } = createDecisions();
    const type = await alerts.mute(slow);
    await alerts.mute({ ...slow, route });
    const later = await alerts.mute({ ...slow, route, duration_seconds: 60 });
    expect(alerts.mutes()).toEqual([type, later]);
  });

  test.each([
    { type: "HIGH_CPU", key: "a" },
    { type: "HIGH_ERROR_RATE", route },
    { type: "CUSTOM", key: "" },
    { type: "CUSTOM", route: " " },
  ] as const)("that can match no alert is refused: %j", async (scope) => {
    const { alerts } = createDecisions();
    await expect(alerts.mute({ ...hour, ...scope })).rejects.toMatchObject({ code: "EB_MUTE_SCOPE" });
  });
});

const orders = {
  type: "API_TIMEOUT",
  key: "GET /api/orders",
  details: { route: "GET /api/orders" },
} as const;
const disk = { type: "CUSTOM", key: "sda", details: { route: "GET /api/orders" } } as const;

test.each([
  [{ type: "API_TIMEOUT", key: null, route: null }, [orders]],
  [{ type: "API_TIMEOUT", key: "GET /api/orders", route: null }, [orders]],
  [{ type: "ALL", key: null, route: "GET /api/orders" }, [orders, disk]],
  [{ type: "ALL", key: "sda", route: "GET /api/orders" }, [disk]],
  [{ type: "CUSTOM", key: "GET /api/orders", route: null }, []],
  [{ type: "ALL", key: null, route: "GET /api" }, []],
] as const)("%j includes %j", (scope, included) => {
  expect([orders, disk].filter((alert) => includes(scope, alert))).toEqual(included);
});
