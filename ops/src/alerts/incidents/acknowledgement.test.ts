import { describe, expect, test } from "vitest";
import { createDecisions, down, startOfTime, well } from "../../../../test/support/decisions.ts";
import type { Alert } from "../model/alert.ts";
import { type AcknowledgementEntry, applyAcknowledgement } from "./acknowledgement.ts";

const hours = (n: number) => n * 3_600;

/** An outage that was sent, with its id. */
const outage = async () => {
  const decisions = createDecisions();
  await decisions.observe(down, down);
  const [alert] = decisions.alerts.active();
  return { ...decisions, id: alert?.id ?? "" };
};

test("an acknowledged alert has no reminders, and its end is sent", async () => {
  const { alerts, id, observe, pass, words } = await outage();
  const acknowledged = await alerts.acknowledge({ id, author: "Asha", note: " on it " });
  const by = { by: "Asha", at: "2026-01-05T04:00:02.000Z", note: "on it" };
  expect(acknowledged.acknowledged).toEqual(by);
  await pass(hours(9));
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  expect(alerts.active()).toMatchObject([{ acknowledged: by }]);
  expect((await alerts.explain(id)).decisions).toMatchObject([
    { decision: "told" },
    { decision: "acknowledged", why: "no reminders: acknowledged by Asha: on it" },
  ]);
  await observe(well, well);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
  expect((await alerts.history({ limit: 1 })).alerts).toMatchObject([
    { alert: { state: "resolved", acknowledged: by } },
  ]);
  await observe(down, down);
  expect(alerts.active()).toMatchObject([{ acknowledged: null }]);
});

test("reminders continue when the acknowledgement is withdrawn", async () => {
  const { alerts, id, pass, words } = await outage();
  await alerts.acknowledge({ id, author: "Asha" });
  await pass(hours(5));
  const withdrawn = await alerts.unacknowledge({ id, author: "Ravi" });
  expect(withdrawn.acknowledged).toBeNull();
  await pass(0);
  expect(words()).toEqual(["fired DATABASE_DOWN", "reminder DATABASE_DOWN"]);
  expect((await alerts.explain(id)).decisions.map(({ why }) => why)).toEqual([
    "sent to the channels",
    "no reminders: acknowledged by Asha",
    "reminders continue: Ravi withdrew the acknowledgement",
    "sent to the channels",
  ]);
});

test("an acknowledged alert that becomes more severe is sent, and has reminders again", async () => {
  const { alerts, pass, words } = createDecisions();
  const raised = { type: "CUSTOM", message: "Full.", quietMs: null } as const;
  const { id } = alerts.raise(raised);
  await pass(1);
  await alerts.acknowledge({ id, author: "Asha" });
  expect(alerts.raise(raised).acknowledged).toMatchObject({ by: "Asha" });
  expect(alerts.raise({ ...raised, severity: "critical" }).acknowledged).toBeNull();
  await pass(1);
  await pass(hours(4));
  expect(words()).toEqual(["fired CUSTOM", "worsened CUSTOM", "reminder CUSTOM"]);
});

test("an alert that was acknowledged while it was muted is sent once when the mute ends", async () => {
  const { alerts, pass, words } = createDecisions();
  await alerts.mute({ type: "CUSTOM", duration_seconds: 60, author: "Asha" });
  const { id } = alerts.raise({ type: "CUSTOM", message: "Full.", quietMs: null });
  await pass(1);
  await alerts.acknowledge({ id, author: "Asha" });
  await pass(60);
  await pass(hours(5));
  expect(words()).toEqual(["fired CUSTOM"]);
});

test("a mute that ends does not send an acknowledged alert again", async () => {
  const { alerts, id, pass, words } = await outage();
  await alerts.mute({ type: "DATABASE_DOWN", duration_seconds: 60, author: "Asha", reason: "a move" });
  await pass(1);
  await alerts.acknowledge({ id, author: "Asha" });
  await pass(61);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
});

test("alerts that are unknown, resolved or not acknowledged are refused", async () => {
  const { alerts, id, observe } = await outage();
  const author = "Asha";
  const refusal = (code: string, status: number) => expect.objectContaining({ code, status });
  await expect(alerts.acknowledge({ id: "none", author })).rejects.toEqual(refusal("EB_ALERT_UNKNOWN", 404));
  await expect(alerts.unacknowledge({ id, author })).rejects.toEqual(refusal("EB_NOT_ACKNOWLEDGED", 409));
  await observe(well, well);
  await expect(alerts.acknowledge({ id, author })).rejects.toEqual(refusal("EB_ALERT_RESOLVED", 409));
});

describe("an acknowledgement", () => {
  const alert: Alert = {
    id: "a",
    type: "CUSTOM",
    key: "disk",
    severity: "error",
    state: "firing",
    message: "Full.",
    details: {},
    fired_at: startOfTime,
    resolved_at: null,
    acknowledged: null,
  };
  const entry: AcknowledgementEntry = {
    fingerprint: "CUSTOM disk",
    alert: "b",
    severity: "error",
    acknowledged: true,
    author: "Asha",
    note: null,
    at: startOfTime,
  };
  const later = "2026-01-05T04:00:00.001Z";

  test.each([
    ["the same alert of another instance", {}, {}, true],
    ["the alert, whatever the clocks say", { fired_at: later }, { alert: "a" }, true],
    ["a less severe one", { severity: "warning" }, {}, true],
    ["a more severe one", { severity: "critical" }, {}, false],
    ["one that fired later", { fired_at: later }, {}, false],
    ["one with another key", { key: "" }, {}, false],
    ["a resolved one", { state: "resolved" }, { alert: "a" }, false],
  ] as const)("applies to %s: %j %j %s", (_, ofAlert, ofEntry, applies) => {
    const before = { ...alert, ...ofAlert };
    const after = applyAcknowledgement(before, { ...entry, ...ofEntry });
    expect(after === before).toBe(!applies);
    expect(after.acknowledged).toEqual(applies ? { by: "Asha", at: startOfTime, note: null } : null);
  });

  test("that changes nothing returns the same object", () => {
    const acknowledged = applyAcknowledgement(alert, entry);
    expect(applyAcknowledgement(acknowledged, entry)).toBe(acknowledged);
  });
});
