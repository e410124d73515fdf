import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { createFleetDatabase, earlierTodayMs, startProcess } from "../../../test/support/fleet.ts";
import { createLogger } from "../core/logger.ts";
import { type FleetCounts, ObjectiveCounts } from "./objective-counts.ts";
import { PerformanceMetrics } from "./requests/request-metrics.ts";

const targets = [
  { name: "all", route: undefined },
  { name: "orders", route: "POST /orders" },
];
const windowsMinutes = [5, 60];
const log = createLogger("silent");

let fleet: Awaited<ReturnType<typeof createFleetDatabase>>;
let clock: StandingClock;

beforeAll(async () => {
  fleet = await createFleetDatabase();
});
beforeEach(() => {
  clock = new StandingClock(new Date(earlierTodayMs + 1_000).toISOString());
});
afterAll(() => fleet?.drop());

const record = (performance: PerformanceMetrics, failed: number, succeeded: number) => {
  for (let n = 0; n < failed; n++) performance.endpoint("POST", "/orders").record(500, 1);
  for (let n = 0; n < succeeded; n++) performance.endpoint("GET", "/orders").record(200, 1);
};

const shown = (counts: ReturnType<ObjectiveCounts["observe"]>) =>
  counts.map(({ name, scope, windows }) => [name, scope, windows.get(5), windows.get(60)]);

test("counts are those of all instances in finished minutes, and those of this process while the database is away", async () => {
  const processes = [startProcess(fleet.pool, clock), startProcess(fleet.pool, clock)];
  const [{ performance, fleet: reader }] = processes as [(typeof processes)[0]];
  let isAway = false;
  const source: FleetCounts = {
    requestCounts: async (...args) => {
      if (isAway) throw new Error("ECONNREFUSED");
      return reader.requestCounts(...args);
    },
  };
  const counts = new ObjectiveCounts({ targets, windowsMinutes, performance, fleet: source, log, clock });
  for (const process of processes) record(process.performance, 1, 9);
  // Nothing is known yet: the zeros of a process that has just started say nothing.
  expect(counts.observe(true)).toEqual([]);
  clock.advanceMs(10 * 60_000);
  record(performance, 2, 0);
  for (const process of processes) await process.allWritten();
  clock.advanceMs(75_000);
  for (const process of processes) await process.allWritten();
  await counts.atRest();
  counts.observe(true);
  await counts.atRest();
  expect(shown(counts.observe(true))).toEqual([
    ["all", "all instances", { requests: 2, errors: 2 }, { requests: 22, errors: 4 }],
    ["orders", "all instances", { requests: 2, errors: 2 }, { requests: 4, errors: 4 }],
  ]);
  isAway = true;
  clock.advanceMs(30_000);
  counts.observe(true);
  await counts.atRest();
  expect(shown(counts.observe(true))[1]?.[1]).toBe("all instances");
  clock.advanceMs(90_000);
  expect(shown(counts.observe(true))).toEqual([
    ["all", "this instance", { requests: 2, errors: 2 }, { requests: 12, errors: 3 }],
    ["orders", "this instance", { requests: 2, errors: 2 }, { requests: 3, errors: 3 }],
  ]);
  for (const process of processes) await process.fleet.stop();
});

test("a process without its database counts from its start, and forgets what is older than the longest window", () => {
  const performance = new PerformanceMetrics({ clock });
  record(performance, 5, 5);
  const away: FleetCounts = { requestCounts: async () => [] };
  const counts = new ObjectiveCounts({ targets, windowsMinutes, performance, fleet: away, log, clock });
  expect(shown(counts.observe(false))[0]?.[3]).toEqual({ requests: 0, errors: 0 });
  record(performance, 1, 1);
  expect(shown(counts.observe(false))[0]?.[3]).toEqual({ requests: 2, errors: 1 });
  clock.advanceMs(5 * 60_000);
  expect(shown(counts.observe(false))[0]?.[2]).toEqual({ requests: 0, errors: 0 });
  clock.advanceMs(54 * 60_000);
  expect(shown(counts.observe(false))[0]?.[3]).toEqual({ requests: 2, errors: 1 });
  clock.advanceMs(60_000);
  expect(shown(counts.observe(false))[0]?.[3]).toEqual({ requests: 0, errors: 0 });
});
