import { expect, test } from "vitest";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { describe } from "./message.ts";

const context = {
  service: "shop-prod",
  timeZone: "Asia/Kolkata",
  consoleUrl: "https://shop.example/console",
  runbookUrl: (type: string) => `https://wiki.example/${type}`,
};
const created_at = "2026-01-05T21:50:00.000Z";
const failing_since = "2026-01-05T21:44:10.000Z";
const alert = {
  id: "a1",
  message: "The database is unreachable: the server refuses connections.",
  details: { failing_since, problem: "unreachable" },
  fired_at: "2026-01-05T21:44:12.000Z",
};
const fired = notificationOf("n1", { alert, created_at });

test("a message says what is wrong, how bad, since when, what to do and where to click", () => {
  expect(describe(fired, context)).toEqual({
    title:
      "[shop-prod] CRITICAL: The database is unreachable: the server refuses connections. (since 03:14 IST)",
    label: "CRITICAL",
    tone: "critical",
    service: "shop-prod",
    statement: "The database is unreachable: the server refuses connections.",
    time: "since 03:14 IST",
    advice: {
      impact: "Requests that need the database fail, and all writes.",
      action: expect.stringContaining("Check that PostgreSQL runs"),
    },
    facts: [["problem", "unreachable"]],
    others: [],
    links: [
      { label: "Runbook", url: "https://wiki.example/DATABASE_DOWN" },
      { label: "Console", url: "https://shop.example/console/alerts/a1" },
      { label: "Mute 1 h", url: "https://shop.example/console/alerts/a1?mute=1h" },
    ],
    footer: expect.stringMatching(/^DATABASE_DOWN · .+ · a1$/),
  });
});

test.each([
  [{ occasion: "worsened" }, "NOW CRITICAL"],
  [{ occasion: "reminder" }, "STILL CRITICAL"],
  [{ occasion: "test" }, "TEST"],
  [{ alert: { ...alert, severity: "warning" } }, "WARNING"],
  [{ alert: { ...alert, severity: "warning" }, others: [fired] }, "CRITICAL"],
] as const)("the label of %j is %s", (difference, label) => {
  expect(describe(notificationOf("n", { alert, created_at, ...difference }), context).label).toBe(label);
});

test.each([
  [2, 125, "since 03:14 IST, again: the 2nd time in 2 min 5 s"],
  [3, 240, "since 03:14 IST, again: the 3rd time in 4 min"],
  [11, 3_500, "since 03:14 IST, again: the 11th time in 58 min 20 s"],
  [22, 3_500, "since 03:14 IST, again: the 22nd time in 58 min 20 s"],
])("an alert that fires the time %i says so", (count, within_seconds, time) => {
  expect(describe({ ...fired, repetition: { count, within_seconds } }, context).time).toBe(time);
});

test("the end says the duration once, and asks for nothing", () => {
  const ended = notificationOf("n2", {
    occasion: "resolved",
    created_at,
    alert: {
      ...alert,
      state: "resolved",
      message: "Resolved after 3 min 2 s. The database answers again.",
      details: { ...alert.details, lasted_seconds: 182 },
      resolved_at: "2026-01-05T21:47:12.000Z",
    },
  });
  expect(describe(ended, context)).toMatchObject({
    title: "[shop-prod] RESOLVED after 3 min 2 s. The database answers again. (03:14 to 03:17 IST)",
    advice: null,
    facts: [["problem", "unreachable"]],
    links: [{ label: "Console" }],
  });
});

test("numbers have units, and no milliseconds above a second", () => {
  const details = {
    ...{ p95_ms: 2_301.456, threshold_ms: 250.4, error_rate_percent: 12.5, size_bytes: 123_456_789 },
    ...{ window_seconds: 300, occurrences: 1, requests: 40, note_ms: "unknown" },
  };
  const { facts } = describe(notificationOf("n", { alert: { ...alert, details } }), context);
  expect(facts).toEqual([
    ["p95", "2.3 s"],
    ["threshold", "250 ms"],
    ["error rate", "12.5 %"],
    ["size", "123.5 MB"],
    ["window", "5 min"],
    ["requests", "40"],
    ["note ms", "unknown"],
  ]);
});

test("a group lists ten others and counts the rest", () => {
  const others = Array.from({ length: 12 }, (_, n) =>
    notificationOf(`o${n}`, { alert: { message: `GET /${n} is slow.` } }),
  );
  const { title, others: lines, facts } = describe({ ...fired, others }, context);
  expect(title).toContain(" And 12 more. (since ");
  expect(lines).toEqual([...Array.from({ length: 10 }, (_, n) => `GET /${n} is slow.`), "and 2 more"]);
  expect(facts).toEqual([]);
});

test("suppressed symptoms are counted", () => {
  expect(describe({ ...fired, symptoms: 1 }, context).statement).toMatch(/\(1 symptom suppressed\)$/);
  expect(describe({ ...fired, symptoms: 3 }, context).statement).toMatch(/\(3 symptoms suppressed\)$/);
});

test.each([
  ["cold-store-2", "Too warm.", "cold-store-2: Too warm."],
  ["cold-store-2", "The cold store is too warm.", "The cold store is too warm."],
  ["GET /api/orders", "GET /api/orders is slow.", "GET /api/orders is slow."],
  ["", "Too warm.", "Too warm."],
])("the key %j is named beside the message %j: %j", (key, message, statement) => {
  expect(describe(notificationOf("n", { alert: { ...alert, key, message } }), context).statement).toBe(
    statement,
  );
});

test("the end names the key that the message does not speak of", () => {
  const ended = { ...alert, key: "cold-store-2", message: "Resolved after 3 s: Too warm." };
  const { title } = describe(
    notificationOf("n", { occasion: "resolved", alert: ended, created_at }),
    context,
  );
  expect(title).toMatch(/^\[shop-prod\] RESOLVED \(cold-store-2\) after 3 s: Too warm\./);
});
