import { PerformanceMetrics } from "@earlybird-ops/platform/monitoring";
import { expect, test } from "vitest";
import { describe } from "../../ops/src/alerts/message/message.ts";
import { BruteForceDetector } from "../../ops/src/alerts/security/brute-force-detector.ts";
import { StandingClock } from "../support/clock.ts";
import { createDecisions, down, well } from "../support/decisions.ts";

const context = { service: "shop-prod", timeZone: "Asia/Kolkata" };
const secondsOf = (time: string) => {
  const [hours = 0, minutes = 0, seconds = 0] = time.split(":").map(Number);
  return 3_600 * hours + 60 * minutes + seconds;
};

/** What happens, by the local time. */
const at = {
  billingFails: secondsOf("00:41"),
  billingSucceeds: secondsOf("00:58"),
  shortOutage: [secondsOf("03:14"), secondsOf("03:14:33")],
  scanner: [secondsOf("09:00"), secondsOf("09:03")],
  badDeployment: [secondsOf("11:30"), secondsOf("11:36")],
  slowRoute: [secondsOf("14:00"), secondsOf("14:08")],
  outage: [secondsOf("17:00"), secondsOf("17:03")],
  secondOutage: [secondsOf("17:04:30"), secondsOf("17:07:30")],
} as const;
const during = ([from, to]: readonly [number, number], second: number) => second >= from && second < to;

/** Busy processors at night, for a minute and a half in each five. */
const isBilling = (second: number) => during([secondsOf("00:30"), at.billingSucceeds], second);

/** Two minutes before an event until a quarter of an hour after it. */
const isNearEvent = (second: number) =>
  Object.values(at)
    .flat()
    .some((moment) => second >= moment - 120 && second < moment + 900) || isBilling(second);

const unreachable = "The database is unreachable: the server refuses connections (ECONNREFUSED).";

/** Traffic, checks and rules of one day from midnight in the zone of the business. */
const simulateDay = async () => {
  const clock = new StandingClock("2026-11-25T18:30:00.000Z");
  const { alerts, told, pass } = createDecisions({ clock });
  const performance = new PerformanceMetrics({ clock });
  const watch = new BruteForceDetector({ alarm: alerts, clock });
  const record = (route: string, times: number, status: number, ms: number, code?: string) => {
    const [method = "", path = ""] = route.split(" ");
    for (let n = 0; n < times; n++)
      performance.endpoint(method, path, path === "/readyz").record(status, ms, code);
  };
  let requests = 0;
  const serve = (second: number, isDown: boolean) => {
    const [status, code] = isDown ? ([503, "EB_DATABASE_UNAVAILABLE"] as const) : ([200, undefined] as const);
    const isBroken = during(at.badDeployment, second);
    record("GET /readyz", 10, isDown ? 503 : 200, 1);
    record("GET /api/orders", 12, status, 40, code);
    record("POST /api/orders", isBroken ? 5 : 8, status, 60, code);
    if (isBroken) record("POST /api/orders", 3, 500, 60, "EB_INTERNAL");
    record("GET /api/reports", 3, status, during(at.slowRoute, second) ? 3_500 : 300, code);
    // Every day, a few requests fail: clients of the past, and one in a thousand on our side.
    record("GET /api/orders/:id", 1, 404, 5, "EB_NOT_FOUND");
    requests += 24;
    if (requests % 1_008 === 0) record("GET /api/orders", 1, 500, 40, "EB_INTERNAL");
    if (!during(at.scanner, second)) return;
    record("GET (unmatched)", 200, 404, 1);
    record("GET /api/orders", 2, 401, 1, "EB_UNAUTHENTICATED");
    watch.refused({ address: "203.0.113.9", route: "GET /api/orders" });
  };
  for (let second = 0; second < 86_400; ) {
    if (second === at.billingFails)
      alerts.raise({
        type: "BILLING_FAILURE",
        message: "The billing run of 25 Nov failed: 3 customers have no rate.",
      });
    if (second === at.billingSucceeds) alerts.resolve("BILLING_FAILURE");
    const isDown = [at.shortOutage, at.outage, at.secondOutage].some((span) => during(span, second));
    serve(second, isDown);
    const isBusy = isBilling(second) && second % 300 < 90;
    const { requests: total, errors } = performance.summary();
    alerts.observe({
      database: isDown ? down.database : well.database,
      system: {
        cpu_percent: isBusy ? 93 : 20,
        memory_percent: 40,
        event_loop_utilization_percent: isBusy ? 70 : 15,
      },
      performance: { requests: total, errors, endpoints: performance.endpoints() },
    });
    await alerts.settled();
    const step = isDown ? 1 : isNearEvent(second) ? 5 : 60;
    await pass(step);
    second += step;
  }
  return told.map((notification) => describe(notification, context));
};

test("a day with a bad deployment, outages, a scanner, a slow route and a billing night", async () => {
  const messages = await simulateDay();
  expect(messages.map(({ title }) => title.replace("[shop-prod] ", ""))).toEqual([
    "CRITICAL: The billing run of 25 Nov failed: 3 customers have no rate. (since 00:41 IST)",
    "RESOLVED after 17 min: The billing run of 25 Nov failed: 3 customers have no rate. (00:41 to 00:58 IST)",
    `CRITICAL: ${unreachable} (1 symptom suppressed) (since 03:14 IST)`,
    "RESOLVED after 33 s. The database answers again. (1 symptom suppressed) (03:14 IST)",
    "WARNING: 20 requests or more were refused from 203.0.113.9 within 300 s. (since 09:01 IST)",
    "RESOLVED: Not raised again for 15 min: 20 requests or more were refused from 203.0.113.9 within 300 s. (09:01 to 09:17 IST)",
    "ERROR: 8.65 % of the requests fail: 27 of 312 in the last minute. (since 11:30 IST)",
    "RESOLVED after 6 min. Requests succeed again. (11:30 to 11:37 IST)",
    "WARNING: GET /api/reports is slow: its p95 of the last minute is 3.5 s. (since 14:00 IST)",
    "RESOLVED after 9 min. GET /api/reports is quick again. (14:00 to 14:09 IST)",
    `CRITICAL: ${unreachable} (1 symptom suppressed) (since 17:00 IST)`,
    "RESOLVED after 2 min 57 s. The database answers again. (1 symptom suppressed) (17:00 to 17:03 IST)",
    `CRITICAL: ${unreachable} (1 symptom suppressed) (since 17:04 IST, again: the 2nd time in 4 min 27 s)`,
    "RESOLVED after 3 min. The database answers again. (1 symptom suppressed) (17:04 to 17:07 IST)",
  ]);
  const failing = messages.find(({ statement }) => statement.includes("requests fail"));
  expect(Object.fromEntries(failing?.facts ?? [])).toMatchObject({
    "most failing": expect.stringMatching(/^POST \/api\/orders: \d+ of \d+, last 500 EB_INTERNAL/),
  });
});
