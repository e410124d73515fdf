import { afterAll, beforeAll, expect, test } from "vitest";
import { type Load, startLoad } from "./load.ts";
import { Production, waivers, withoutCopy } from "./production.ts";

const settings = {
  RELEASE_PHASE_MINUTES: "0.1,0.1,0.1",
  RELEASE_DEADLINE_MINUTES: "10,10,10",
  RELEASE_PHASE_MARGIN_PERCENT: "20,5,5",
  RELEASE_VALIDATION_MINUTES: "0.05,0.1,0.15,0.2,0.25",
};
let production: Production;
let load: Load;
beforeAll(async () => {
  production = await Production.open(settings);
  load = startLoad(production.url, 2_000);
}, 60_000);
afterAll(async () => {
  await load?.stop();
  await production?.close();
}, 60_000);

const expectNothingLost = async (): Promise<void> => {
  await load.stop();
  expect(load.lost).toEqual([]);
  const { rows } = await production.pool.query<{ all: number; once: number }>(
    "select count(*)::int as all, count(*) filter (where executed = 1)::int as once from orders where key = any($1)",
    [load.keys],
  );
  expect(rows[0]).toEqual({ all: load.keys.length, once: load.keys.length });
};

test("a release goes from 1 to 100 % under load and back, and loses nothing", {
  timeout: 300_000,
}, async () => {
  const green = await production.install("v2", { version: "2.0.0", steps: true });
  await production.release(green, { waive: [...waivers, ...withoutCopy] });
  await production.reaches("watching", 200_000);
  const report = await production.acceptUntilCompleted();
  expect(report.acts.filter(({ state }) => state !== "done")).toEqual([]);
  expect(await production.applied()).toEqual([1, 2]);
  expect(await production.launches()).toEqual({ blue: false, green: true });

  const before = load.answers.length;
  await production.earlybird("release", "revert", "--reason", "drill");
  await production.reaches("reverted");
  expect(await production.applied()).toEqual([]);
  expect(await production.launches()).toEqual({ blue: true, green: false });
  await expect.poll(() => load.answers.length).toBeGreaterThan(before + 100);
  expect(load.answers.at(-1)?.slot).toBe("1.0.0");
  await expectNothingLost();
});
