import { afterAll, beforeAll, expect, test } from "vitest";
import { EvenClients } from "./even-clients.ts";
import { type Load, startLoad } from "./load.ts";
import { Production, until, waivers, withoutCopy } from "./production.ts";

const settings = {
  RELEASE_PHASE_MINUTES: "0.02,0.02,0.02",
  RELEASE_DEADLINE_MINUTES: "10,10,10",
  RELEASE_PHASE_MARGIN_PERCENT: "20,10,5",
  RELEASE_VALIDATION_MINUTES: "0.01,0.02,0.03,0.04,0.05",
};
const clients = new EvenClients();
let production: Production;
let load: Load;
beforeAll(async () => {
  production = await Production.open(settings);
  load = startLoad(production.url, { clientOf: clients.of, connections: 5 });
}, 60_000);
afterAll(async () => {
  await load?.stop();
  await production?.close();
}, 60_000);

const expectNothingLost = async (): Promise<void> => {
  await load.stop();
  expect(load.sent.filter(({ lost }) => lost !== null)).toEqual([]);
  const keys = load.sent.filter(({ kind }) => kind === "order").map(({ key }) => key);
  const { rows } = await production.pool.query<{ all: number; once: number }>(
    `select count(*)::int as all, count(distinct key)::int as once from executions where key = any($1)`,
    [keys],
  );
  expect(rows[0]).toEqual({ all: keys.length, once: keys.length });
};

test("a release goes from 1 to 100 % under load and back, and loses nothing", {
  timeout: 300_000,
}, async () => {
  // Fewer are no baseline, and slowness would be unknown.
  await until(async () => load.sent.length > 1_000, "the load stands still");
  const green = await production.install("v2", { version: "2.0.0", steps: true });
  clients.chooseFor(await production.release(green, { waive: [...waivers, ...withoutCopy] }));
  await production.reaches("watching", 200_000);
  const report = await production.acceptUntilCompleted();
  expect(report.acts.filter(({ state }) => state !== "done")).toEqual([]);
  expect(report.events.flatMap((event) => (event.type === "state" ? [event.state] : []))).toEqual(
    expect.arrayContaining(["phase_1", "phase_10", "phase_50", "switched", "watching", "contracting"]),
  );
  expect(await production.applied()).toEqual([1, 2]);
  expect(await production.launches()).toEqual({ blue: false, green: true });

  await production.command("revert");
  await production.reaches("reverted");
  expect(await production.applied()).toEqual([]);
  expect(await production.launches()).toEqual({ blue: true, green: false });
  const before = load.sent.length;
  await until(async () => load.sent.length > before + 100, "the load stands still");
  expect(new Set(load.sent.slice(before + 20).map(({ slot }) => slot))).toEqual(new Set(["1.0.0"]));
  await expectNothingLost();
});
