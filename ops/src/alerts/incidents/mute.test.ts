import { expect, test } from "vitest";
import { createDecisions, down, well, withSymptoms } from "../../../../test/support/decisions.ts";

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
    "not sent: muted by Asha until 2026-01-05T05:00:00.000Z, because: maintenance",
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
