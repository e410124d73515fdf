import { afterEach, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createFleetDatabase, earlierTodayMs, startProcess } from "../../../../test/support/fleet.ts";

let database: Awaited<ReturnType<typeof createFleetDatabase>>;
let clock: StandingClock;

beforeEach(async () => {
  database = await createFleetDatabase();
  clock = new StandingClock(new Date(earlierTodayMs).toISOString());
});

afterEach(() => database.drop());

/** Ten requests a second for so many minutes. */
const serve = async (processes: ReturnType<typeof startProcess>[], minutes: number) => {
  for (let minute = 0; minute < minutes; minute++) {
    for (const { performance } of processes) {
      for (let n = 0; n < 600; n++) performance.endpoint("GET", "/orders").record(200, 1);
    }
    clock.advanceMs(60_000);
    for (const each of processes) await each.allWritten();
  }
  clock.advanceMs(15_000);
};

test("the rate of a fleet up for two minutes is over these two minutes", async () => {
  const processes = [startProcess(database.pool, clock), startProcess(database.pool, clock)];
  await serve(processes, 2);
  for (const { fleet, performance } of processes) {
    expect(performance.summary("1h").requests_per_second).toBeCloseTo(8.889);
    expect(await fleet.summary("1h")).toMatchObject({ requests: 2_400, requests_per_second: 20 });
    expect(await fleet.endpoints("1h")).toMatchObject([{ route: "/orders", requests_per_second: 20 }]);
    expect(await fleet.summary("1m")).toMatchObject({ requests: 1_200, requests_per_second: 20 });
  }
  for (const { fleet } of processes) await fleet.stop();
});

test("minutes without requests count for the rate", async () => {
  const instance = startProcess(database.pool, clock);
  await serve([instance], 2);
  for (let minute = 0; minute < 2; minute++) {
    clock.advanceMs(60_000);
    await instance.allWritten();
  }
  expect(await instance.fleet.summary("1h")).toMatchObject({ requests: 1_200, requests_per_second: 5 });
  await instance.fleet.stop();
});
