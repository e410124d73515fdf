import { expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { PerformanceMetrics } from "../requests/request-metrics.ts";
import { SliceMeter } from "./slice-meter.ts";

test("a slice has the requests since the previous one, and only the routes that had some", () => {
  const clock = new StandingClock("2026-03-10T03:15:00Z");
  const performance = new PerformanceMetrics({ clock });
  const orders = performance.endpoint("GET", "/orders");
  performance.endpoint("GET", "/health").record(200, 1);
  orders.record(503, 10);
  const meter = new SliceMeter({ performance, clock });
  orders.record(500, 30);
  orders.record(201, 20);
  clock.advanceMs(5_000);
  expect(meter.take()).toEqual({
    from: new Date("2026-03-10T03:15:00Z"),
    to: new Date("2026-03-10T03:15:05Z"),
    routes: [
      { route: "/orders", method: "GET", requests: 2, errors: 1, totalMs: 50, statuses: [0, 1, 0, 0, 1] },
    ],
  });
  expect(meter.take().routes).toEqual([]);
});
