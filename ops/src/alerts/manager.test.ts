import { expect, test } from "vitest";
import {
  createDecisions,
  down,
  type Observed,
  startOfTime,
  well,
  withSymptoms,
} from "../../../test/support/decisions.ts";
import type { RaiseRequest } from "./incidents/raise.ts";
import { AlertSeverity, AlertType } from "./model/alert.ts";

const times = (n: number, observed: Observed) => Array.from({ length: n }, () => observed);
const all = { limit: 1_000 };

test("two failed pings raise DATABASE_DOWN once, with its reason and its beginning", async () => {
  const { alerts, told, observe } = createDecisions();
  await observe(well, down, down, down, down);
  expect(told).toEqual([
    {
      id: expect.any(String),
      occasion: "fired",
      threads: [expect.any(String)],
      symptoms: 0,
      created_at: "2026-01-05T04:00:02.000Z",
      alert: {
        id: expect.any(String),
        type: "DATABASE_DOWN",
        key: "",
        severity: "critical",
        state: "firing",
        message: "The database is unreachable: the server refuses connections (ECONNREFUSED).",
        details: {
          problem: "unreachable",
          reason: "the server refuses connections (ECONNREFUSED)",
          pool: expect.any(String),
          failing_since: "2026-01-05T04:00:01.000Z",
        },
        fired_at: "2026-01-05T04:00:02.000Z",
        resolved_at: null,
        acknowledged: null,
      },
    },
  ]);
  expect(alerts.active()).toEqual([told[0]?.alert]);
});

test("two good pings resolve it, with the duration of the outage", async () => {
  const { alerts, told, observe, words } = createDecisions();
  await observe(...times(42, down), well, down, well, well, well);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN"]);
  expect(told[1]?.alert).toMatchObject({
    id: told[0]?.alert.id,
    state: "resolved",
    message: "Resolved after 44 s. The database answers again.",
    details: { reason: "the server refuses connections (ECONNREFUSED)", lasted_seconds: 44 },
    resolved_at: "2026-01-05T04:00:45.000Z",
  });
  expect(alerts.active()).toEqual([]);
});

test("an alert that goes on has the numbers of now, and keeps its beginning", async () => {
  const { alerts, observe } = createDecisions();
  const failing = (errors: number): Observed => ({
    ...well,
    performance: { requests: 100, errors, endpoints: [] },
  });
  await observe(failing(40));
  const [before] = alerts.active();
  await observe(failing(60));
  expect(alerts.active()).toMatchObject([
    {
      message: "60 % of the requests fail: 60 of 100 in the last minute.",
      details: { error_rate_percent: 60, failing_since: before?.details.failing_since },
      fired_at: before?.fired_at,
    },
  ]);
});

test("a single failed ping is not sent", async () => {
  const { alerts, told, observe } = createDecisions();
  await observe(well, down, well, down, well);
  expect([told, alerts.active()]).toEqual([[], []]);
});

test("HIGH_CPU fires after two minutes", async () => {
  const { observe, pass, words } = createDecisions();
  const busy = {
    ...well,
    system: { cpu_percent: 95, memory_percent: 10, event_loop_utilization_percent: 1 },
  };
  for (let n = 0; n < 24; n++) {
    await observe(busy);
    await pass(4);
  }
  expect(words()).toEqual([]);
  await observe(busy);
  expect(words()).toEqual(["fired HIGH_CPU"]);
});

test("each slow route has its own alert, which ends when the route gets no more requests", async () => {
  const { alerts, told, observe, pass } = createDecisions();
  const slow = (...routes: string[]): Observed => ({
    ...well,
    performance: {
      requests: 100,
      errors: 0,
      endpoints: routes.map((route) => ({
        ...{ method: "GET", route, requests: 50, errors: 0, p95_ms: 2_500, last_error: null },
      })),
    },
  });
  await observe(slow("/a", "/b"), slow("/a", "/b"));
  expect(told.map(({ alert }) => alert.key)).toEqual(["GET /a", "GET /b"]);
  for (let minute = 0; minute < 16; minute++) {
    await pass(60);
    await observe(slow("/a"));
  }
  expect(alerts.active().map(({ key }) => key)).toEqual(["GET /a"]);
  expect(told.at(-1)?.alert.message).toMatch("Too few requests to evaluate the rule");
});

test("a firing alert is sent again every four hours", async () => {
  const { observe, pass, words } = createDecisions();
  await observe(down, down);
  for (let minute = 0; minute < 9 * 60; minute++) {
    await pass(59);
    await observe(down);
  }
  expect(words()).toEqual(["fired DATABASE_DOWN", "reminder DATABASE_DOWN", "reminder DATABASE_DOWN"]);
});

test("an alert that fires again after its end was sent is sent at once, as the second time", async () => {
  const { told, observe, pass, words } = createDecisions();
  await observe(down, down, well, well);
  await pass(121);
  await observe(down, down);
  expect(words()).toEqual(["fired DATABASE_DOWN", "resolved DATABASE_DOWN", "fired DATABASE_DOWN"]);
  expect(told.map(({ repetition }) => repetition)).toEqual([
    undefined,
    undefined,
    { count: 2, within_seconds: 125 },
  ]);
  await pass(3_600);
  await observe(well, well);
  await pass(3_600);
  await observe(down, down);
  expect(told.at(-1)).toMatchObject({ occasion: "fired" });
  expect(told.at(-1)?.repetition).toBeUndefined();
});

test("a rule that flaps keeps its third alert firing until it is fine for five minutes", async () => {
  const { observe, pass, words } = createDecisions();
  for (let n = 0; n < 5; n++) {
    await observe(down, down, well, well);
    await pass(26);
  }
  const pair = ["fired DATABASE_DOWN", "resolved DATABASE_DOWN"];
  expect(words()).toEqual([...pair, ...pair, "fired DATABASE_DOWN"]);
  for (let n = 0; n < 10; n++) {
    await observe(well);
    await pass(28);
  }
  expect(words()).toHaveLength(5);
  await observe(well, well);
  await pass(28);
  await observe(well);
  expect(words()).toEqual([...pair, ...pair, ...pair]);
});

test("an alert whose end was muted is not sent again within five minutes, unless it lasts longer", async () => {
  const { alerts, observe, pass, words } = createDecisions();
  await observe(down, down);
  const mute = { type: "DATABASE_DOWN", duration_seconds: 60, author: "Asha", reason: "switch" } as const;
  await alerts.mute(mute);
  await observe(well, well);
  await pass(61);
  await observe(down, down);
  expect(words()).toEqual(["fired DATABASE_DOWN"]);
  await pass(240);
  expect(words()).toEqual(["fired DATABASE_DOWN", "fired DATABASE_DOWN"]);
  const [last] = (await alerts.history(all)).alerts;
  expect(last?.decisions.map(({ decision }) => decision)).toEqual(["repeat", "told"]);
});

test("an alert that a service raises and resolves all the time is sent three times in five minutes", async () => {
  const { alerts, pass, words } = createDecisions();
  const flap = async () => {
    alerts.raise({ type: "CUSTOM", message: "Too warm." });
    await pass(1);
    alerts.resolve("CUSTOM");
    await pass(1);
  };
  for (let n = 0; n < 20; n++) await flap();
  expect(words().filter((one) => one === "fired CUSTOM")).toHaveLength(3);
  expect(words()).toHaveLength(6);
  await pass(260);
  await flap();
  expect(words()).toHaveLength(8);
});

test("an alert that comes back within five minutes is sent at once, three times at most", async () => {
  const { alerts, told, pass } = createDecisions();
  for (const severity of ["warning", "critical", "critical", "error"] as const) {
    alerts.raise({ type: "CUSTOM", severity, message: "Too warm." });
    await pass(1);
    alerts.resolve("CUSTOM");
    await pass(1);
  }
  expect(told.map(({ occasion, alert }) => `${occasion} ${alert.severity}`)).toEqual([
    "fired warning",
    "resolved warning",
    "fired critical",
    "resolved critical",
    "fired critical",
    "resolved critical",
  ]);
});

test("a raised alert fires at once, counts repetitions, and ends after its quiet time", async () => {
  const { alerts, told, pass, words } = createDecisions();
  const raise = () =>
    alerts.raise({ type: "SECURITY_ALERT", key: "10.0.0.7", message: "Many refusals.", details: { n: 20 } });
  const first = raise();
  expect(first).toMatchObject({ severity: "critical", state: "firing", details: { n: 20, occurrences: 1 } });
  await pass(0);
  for (let minute = 0; minute < 20; minute++) {
    await pass(60);
    expect(raise().id).toBe(first.id);
  }
  expect(alerts.active()).toMatchObject([{ id: first.id, details: { occurrences: 21 } }]);
  await pass(14 * 60 + 59);
  expect(words()).toEqual(["fired SECURITY_ALERT"]);
  await pass(1);
  expect(words()).toEqual(["fired SECURITY_ALERT", "resolved SECURITY_ALERT"]);
  expect(told[1]?.alert.message).toBe("Not raised again for 15 min 0 s: Many refusals.");
  expect(raise().id).not.toBe(first.id);
});

test("a higher severity is sent again as the same alert; the same severity is one more occurrence", async () => {
  const { alerts, told, pass, words } = createDecisions();
  const raise = (severity: AlertSeverity, degrees: number) => {
    const message = `The cold store is at ${degrees} °C.`;
    return alerts.raise({ type: "CUSTOM", key: "cold-store", severity, message, details: { degrees } });
  };
  const { id } = raise("warning", 6);
  await pass(1);
  raise("warning", 7);
  raise("critical", 19);
  await pass(1);
  raise("error", 12);
  raise("critical", 20);
  await pass(1);
  const worst = { severity: "critical", message: "The cold store is at 19 °C." };
  expect(alerts.active()).toMatchObject([{ id, ...worst, details: { degrees: 19, occurrences: 5 } }]);
  alerts.resolve("CUSTOM", "cold-store");
  await pass(1);
  expect(words()).toEqual(["fired CUSTOM", "worsened CUSTOM", "resolved CUSTOM"]);
  expect(told.map(({ alert }) => [alert.id, alert.severity])).toEqual([
    [id, "warning"],
    [id, "critical"],
    [id, "critical"],
  ]);
  expect(told[1]?.alert).toMatchObject({ ...worst, details: { degrees: 19, occurrences: 3 } });
  expect(told[2]?.alert.message).toBe(`Resolved after 3 s: ${worst.message}`);
});

test("an alert that becomes more severe during its dispatch is sent again right after", async () => {
  const message = "The cold store is warm.";
  const { alerts, pass, words } = createDecisions({
    dispatch: async () => void alerts.raise({ type: "CUSTOM", severity: "critical", message }),
  });
  alerts.raise({ type: "CUSTOM", severity: "warning", message });
  await pass(0);
  await pass(1);
  await pass(1);
  expect(words()).toEqual(["fired CUSTOM", "worsened CUSTOM"]);
});

test("a failed billing run fires until one succeeds", async () => {
  const { alerts, told, pass, words } = createDecisions();
  alerts.raise({ type: "BILLING_FAILURE", key: "2026-01", message: "The run failed." });
  await pass(3 * 3_600);
  expect(words()).toEqual(["fired BILLING_FAILURE"]);
  expect(alerts.resolve("BILLING_FAILURE", "2025-12")).toBeUndefined();
  expect(alerts.resolve("BILLING_FAILURE", "2026-01")).toMatchObject({ state: "resolved" });
  await pass(0);
  expect(told[1]?.alert.message).toBe("Resolved after 3 h 0 min: The run failed.");
});

test("without a key, two CUSTOM messages are two alerts, and one resolution ends both", async () => {
  const { alerts, told, pass } = createDecisions();
  const [warm, van] = ["The cold store is at 9 °C.", "The van has broken down."];
  const raise = (message: string) => alerts.raise({ type: "CUSTOM", message });
  for (const message of [warm, van, warm]) raise(message);
  alerts.raise({ type: "CUSTOM", key: "flood", message: "It rains in." });
  await pass(1);
  expect(told.map(({ alert }) => alert.message)).toEqual([warm, van, "It rains in."]);
  expect(alerts.active().map(({ details }) => details.occurrences)).toEqual([2, 1, 1]);
  expect(alerts.resolve("CUSTOM")).toMatchObject({ message: expect.stringContaining(van) });
  expect(alerts.active()).toMatchObject([{ key: "flood" }]);
  alerts.resolve("CUSTOM", raise(van).key);
  expect(alerts.active()).toMatchObject([{ key: "flood" }]);
  const long = raise("é".repeat(5_000));
  expect(long.key).toHaveLength(500);
  expect(alerts.resolve("CUSTOM")?.id).toBe(long.id);
});

test("an occurrence with additional details replaces the details; one with other details does not", async () => {
  const { alerts, words, pass } = createDecisions();
  const raise = (details: Record<string, string | number | undefined>) =>
    alerts.raise({ type: "BILLING_FAILURE", key: "2026-01", message: "It failed.", details } as RaiseRequest);
  raise({ reason: "the database is away", order_id: undefined });
  raise({ reason: "no room", customers: 2 });
  raise({ reason: "no more room", order_id: undefined });
  raise({ customers: 3, route: "/b", account: "c" });
  expect(alerts.active()).toMatchObject([{ details: { reason: "no room", customers: 2, occurrences: 4 } }]);
  expect(Object.keys(alerts.active()[0]?.details ?? {})).toHaveLength(3);
  await pass(1);
  expect(words()).toEqual(["fired BILLING_FAILURE"]);
});

test.each(["DATABASE_DOWN", "CUSTOMS", "toString", undefined])(
  "a service cannot raise or resolve %s, and the error lists the types that it can",
  async (type) => {
    const { alerts, observe } = createDecisions();
    await observe(down, down);
    const refused = expect.objectContaining({
      code: "EB_ALERT_TYPE",
      detail: expect.stringContaining(String(type)),
      remedy: expect.stringContaining("BILLING_FAILURE, DELIVERY_ISSUE, SECURITY_ALERT, CUSTOM"),
    });
    expect(() => alerts.raise({ type: type as "CUSTOM", message: "It burns." })).toThrow(refused);
    expect(() => alerts.resolve(type as "CUSTOM")).toThrow(refused);
    expect(alerts.active()).toHaveLength(1);
  },
);

test("a severity and a quiet time can be given", async () => {
  const { alerts, pass } = createDecisions();
  const message = "The van is late.";
  const { severity } = alerts.raise({ type: "CUSTOM", severity: "warning", quietMs: 5_000, message });
  expect(severity).toBe("warning");
  await pass(5);
  expect(alerts.active()).toEqual([]);
});

test("a storm of 100,000 alerts of 50 kinds makes 50 notifications, in under 2 seconds", async () => {
  const { alerts, told } = createDecisions();
  const startedMs = performance.now();
  for (let n = 0; n < 100_000; n++) {
    alerts.raise({ type: "CUSTOM", key: `kind ${n % 50}`, message: "Storm." });
  }
  await alerts.settled();
  expect(performance.now() - startedMs).toBeLessThan(2_000);
  expect(new Set(told.map(({ alert }) => alert.key)).size).toBe(50);
  expect(told).toHaveLength(50);
  expect(alerts.active().every(({ details }) => details.occurrences === 2_000)).toBe(true);
});

test("from a thousand keys on, alerts of a type share one key", async () => {
  const { alerts, told } = createDecisions();
  for (let n = 0; n < 3_000; n++) {
    alerts.raise({ type: "SECURITY_ALERT", key: `address ${n}`, message: "Many refusals." });
  }
  await alerts.settled();
  expect(alerts.active()).toHaveLength(1_001);
  expect(alerts.active().at(-1)).toMatchObject({ key: "(other)", details: { occurrences: 2_000 } });
  expect(told).toHaveLength(1_001);
});

test("the shared alert takes the highest severity of its occurrences, and ends", async () => {
  const { alerts, told, pass } = createDecisions();
  const raise = (severity: AlertSeverity, key: string) =>
    alerts.raise({ type: "BILLING_FAILURE", key, severity, message: `Run ${key} failed.`, details: { key } });
  for (let n = 0; n < 1_002; n++) raise("warning", `${n}`);
  const others = () => told.filter(({ alert }) => alert.key === "(other)");
  const sentence = "Over 1000 alerts of this type fire. This one stands for all others, such as:";
  await pass(1);
  raise("critical", "worst");
  await pass(1);
  expect(others()).toMatchObject([
    { occasion: "fired", alert: { severity: "warning", message: `${sentence} Run 1000 failed.` } },
    {
      occasion: "worsened",
      alert: { severity: "critical", message: `${sentence} Run worst failed.`, details: { occurrences: 3 } },
    },
  ]);
  await pass(15 * 60);
  expect(others().at(-1)?.occasion).toBe("resolved");
  expect(alerts.active()).toHaveLength(1_000);
});

test("a notification that cannot be dispatched is retried, and delays no other", async () => {
  let broken = true;
  const { alerts, pass, words } = createDecisions({
    dispatch: async ({ alert }) => {
      if (broken && alert.key === "a") throw new Error("no space left");
    },
  });
  alerts.raise({ type: "CUSTOM", key: "a", message: "A." });
  alerts.raise({ type: "DELIVERY_ISSUE", key: "b", message: "B." });
  await pass(1);
  expect(words()).toEqual(["fired DELIVERY_ISSUE"]);
  broken = false;
  await pass(1);
  expect(words()).toEqual(["fired DELIVERY_ISSUE", "fired CUSTOM"]);
});

test("the history has each incident once, newest first, and can be filtered", async () => {
  const { alerts, clock, observe, pass } = createDecisions();
  for (let n = 0; n < 3; n++) {
    await observe(down, down, well, well);
    await pass(900);
  }
  await observe(down, down);
  const { alerts: records } = await alerts.history(all);
  const ids = async (filter: object) =>
    (await alerts.history({ limit: 10, ...filter })).alerts.map(({ alert }) => alert.id);
  const [newest, ...older] = records.map(({ alert }) => alert.id);
  expect(records.map(({ alert }) => alert.state)).toEqual(["firing", "resolved", "resolved", "resolved"]);
  expect(await ids({ limit: 2 })).toEqual([newest, older[0]]);
  expect(await ids({ before: new Date(records[1]?.alert.fired_at ?? "") })).toEqual(older.slice(1));
  expect(await ids({ type: AlertType.DATABASE_DOWN })).toHaveLength(4);
  expect(await ids({ severity: AlertSeverity.WARNING })).toEqual([]);
  expect(await ids({ state: "firing" })).toEqual([newest]);
  expect(await ids({ before: clock.now() })).toHaveLength(4);
});

test("the pages of the history have each alert once, even if many fired at the same time", async () => {
  const { alerts } = createDecisions();
  for (let n = 0; n < 25; n++) alerts.raise({ type: "CUSTOM", key: `${n}`, message: "At once." });
  const keys: string[] = [];
  for (let page: string | null | undefined; page !== null; ) {
    const found = await alerts.history({ limit: 10, page });
    keys.push(...found.alerts.map(({ alert }) => alert.key));
    page = found.next;
  }
  expect([keys.length, new Set(keys).size]).toEqual([25, 25]);
  await expect(alerts.history({ limit: 10, page: "yesterday" })).rejects.toMatchObject({
    code: "EB_ALERT_PAGE",
  });
});

test("the history keeps the last thousand", async () => {
  const { alerts, pass } = createDecisions();
  for (let n = 0; n < 1_005; n++) {
    alerts.raise({ type: "CUSTOM", message: "Too warm." });
    alerts.resolve("CUSTOM");
    await pass(4);
  }
  const { alerts: records, next } = await alerts.history({ limit: 5_000 });
  expect([records.length, next]).toEqual([1_000, null]);
  expect(records[0]?.alert.fired_at).toBe("2026-01-05T05:06:56.000Z");
});

test("the summary covers the last thirty days with the mean time to resolve", async () => {
  const { alerts, pass, observe } = createDecisions();
  alerts.raise({ type: "CUSTOM", message: "Long ago." });
  await pass(40 * 86_400);
  await observe(down, down, well, well);
  await pass(3_600);
  alerts.raise({ type: "CUSTOM", message: "Just now." });
  expect(alerts.summary()).toEqual({
    active: 1,
    muted: [],
    channels: [expect.objectContaining({ channel: "slack" })],
    window_days: 30,
    alerts: 2,
    by_type: { DATABASE_DOWN: 1, CUSTOM: 1 },
    by_severity: { critical: 1, error: 1 },
    by_hour: [
      { at: "2026-02-14T04:00:00.000Z", alerts: 1 },
      { at: "2026-02-14T05:00:00.000Z", alerts: 1 },
    ],
    by_day: [{ day: "2026-02-14", alerts: 2 }],
    mean_time_to_resolve_seconds: 2,
  });
});

test("the explanation of an alert has its measurements, each decision, and the answer of each channel", async () => {
  const { alerts, told, observe, pass, report } = createDecisions();
  await observe(withSymptoms(well));
  await pass(15);
  const [rate] = told;
  expect(rate?.alert.type).toBe("HIGH_ERROR_RATE");
  const { id = "", alert } = rate ?? {};
  const attempt = {
    notification_id: id,
    alert_id: alert?.id ?? "",
    occasion: "fired",
    channel: "email",
    at: "2026-01-05T04:00:20.000Z",
    took_ms: 12,
  } as const;
  const next_at = "2026-01-05T04:00:21.000Z";
  report({ ...attempt, attempt: 1, outcome: "try_again", answer: "421 busy", next_at });
  expect(await alerts.explain(alert?.id ?? "")).toMatchObject({
    alert: {
      details: { error_rate_percent: 50, threshold_percent: 5, failing_since: "2026-01-05T04:00:00.000Z" },
    },
    decisions: [
      {
        decision: "waits_for_cause",
        why: "held back until 2026-01-05T04:00:15.000Z in case DATABASE_DOWN explains it",
      },
      { decision: "told", notification_id: id, why: "sent to the channels" },
    ],
    channels: [
      { channel: "slack", outcome: "on_its_way", why: "no attempt is known yet" },
      {
        channel: "email",
        outcome: "on_its_way",
        why: `attempt 1 at 2026-01-05T04:00:20.000Z failed: 421 busy; tried again at ${next_at}`,
      },
    ],
  });
  report({ ...attempt, attempt: 2, outcome: "accepted", answer: null, next_at: null });
  expect((await alerts.explain(alert?.id ?? "")).channels[1]).toMatchObject({
    outcome: "accepted",
    why: "accepted by attempt 2 at 2026-01-05T04:00:20.000Z",
  });
  await expect(alerts.explain("nobody")).rejects.toMatchObject({ code: "EB_ALERT_UNKNOWN", status: 404 });
});

test("the attempts of a channel that fails for long do not displace those of others, or earlier results", async () => {
  const { alerts, told, pass, report } = createDecisions();
  const { id: alert_id } = alerts.raise({ type: "CUSTOM", message: "Look into it." });
  await pass(1);
  const common = { notification_id: told[0]?.id ?? "", alert_id, at: startOfTime, took_ms: 12, answer: null };
  const accepted = { ...common, occasion: "fired", attempt: 1, outcome: "accepted", next_at: null } as const;
  report({ ...accepted, channel: "slack" });
  report({ ...accepted, channel: "email" });
  const failed = { ...common, occasion: "resolved", outcome: "try_again", next_at: startOfTime } as const;
  for (let attempt = 1; attempt <= 60; attempt++) report({ ...failed, channel: "email", attempt });
  const [slack, email] = (await alerts.explain(alert_id)).channels;
  expect(slack).toMatchObject({ outcome: "accepted", attempts: [{ occasion: "fired" }] });
  expect(email?.attempts).toHaveLength(50);
  expect(email?.attempts.slice(0, 2)).toMatchObject([{ outcome: "accepted" }, { attempt: 12 }]);
});

test("a stopped manager ignores snapshots", async () => {
  const { alerts, told } = createDecisions();
  let listener = (_: Observed) => {};
  const source = {
    onSnapshot: (next: (snapshot: Observed) => void) => {
      listener = next;
      return () => {
        listener = () => {};
      };
    },
  };
  alerts.watch(source);
  await alerts.stop();
  for (const observed of [down, down, down]) listener(observed);
  expect([alerts.active(), told]).toEqual([[], []]);
});
