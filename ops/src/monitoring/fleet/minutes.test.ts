import { expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { PerformanceMetrics } from "../requests/request-metrics.ts";
import { allRoutes, withSum } from "./minutes.ts";

test("the sum of a minute leaves out the endpoints that are excluded from rates", () => {
  const clock = new StandingClock("2026-03-10T06:00:00Z");
  const performance = new PerformanceMetrics({ clock });
  for (let n = 0; n < 10; n++) performance.endpoint("GET", "/orders").record(n < 2 ? 500 : 200, 10);
  for (let n = 0; n < 600; n++) performance.endpoint("GET", "/readyz", true).record(200, 1);
  clock.advanceMs(60_000);
  const minutes = performance.minutesAfter(clock.now().getTime() - 120_000).map(withSum);
  expect(minutes).toMatchObject([
    {
      endpoints: [
        { route: "/orders", requests: 10 },
        { route: "/readyz", requests: 600 },
        { ...allRoutes, requests: 10, errors: 2, totalMs: 100 },
      ],
    },
  ]);
});
