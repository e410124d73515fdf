import { readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Attempt } from "@earlybird-ops/platform/alerts";
import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../../test/support/clock.ts";
import { createDecisions, down, startOfTime, well } from "../../../../../test/support/decisions.ts";
import { makeTemporaryDirectory } from "../../../../../test/support/temporary-directory.ts";

let dataDir: string;
let clock: StandingClock;

beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  clock = new StandingClock(startOfTime);
});

/** A process of the service; each one finds what the one before has left. */
const start = (options = {}) => createDecisions({ dataDir, clock, ...options });

const stateDirectory = () => join(dataDir, "alerts", "state");
const onlyStateFile = async () => {
  const [name = "none", ...others] = await readdir(stateDirectory());
  expect(others).toEqual([]);
  return join(stateDirectory(), name);
};

/** An attempt to tell one channel. */
const accepted = (channel: string): Attempt => ({
  notification_id: "n",
  alert_id: "a",
  occasion: "fired",
  channel,
  attempt: 1,
  at: startOfTime,
  took_ms: 1,
  outcome: "accepted",
  answer: null,
  next_at: null,
});

/** What one process has saved is found by the next in another container, which cannot see the first. */
const toAnotherContainer = async (silentMs = 0) => {
  const path = await onlyStateFile();
  const { owner, ...saved } = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, JSON.stringify({ ...saved, owner: { ...owner, space: "another container" } }));
  // The system's time, not the clock's: files carry it.
  const signedAt = new Date(Date.now() - silentMs);
  await utimes(path, signedAt, signedAt);
};

test("a restart in another container neither repeats nor forgets", async () => {
  const before = start();
  before.alerts.raise({ type: "CUSTOM", key: "vans", message: "No vans.", quietMs: null });
  await before.alerts.mute({ type: "HIGH_CPU", duration_seconds: 600, author: "Asha" });
  await before.observe(down, down, down);
  await before.alerts.close();
  await toAnotherContainer();
  const after = start();
  expect(after.alerts.active()).toEqual(before.alerts.active());
  expect(after.alerts.mutes()).toEqual(before.alerts.mutes());
  await after.observe(down, down);
  expect(after.words()).toEqual([]);
  after.alerts.resolve("CUSTOM", "vans");
  await after.observe(well, well);
  expect(after.words()).toEqual(["resolved CUSTOM", "resolved DATABASE_DOWN"]);
});

test("work that does not finish at the stop is left to the next process in another container", async () => {
  const before = start({ dispatch: () => new Promise<void>(() => undefined) });
  await before.alerts.mute({ type: "HIGH_CPU", duration_seconds: 600, author: "Asha" });
  before.alerts.raise({ type: "CUSTOM", message: "No vans." });
  await before.alerts.close(1);
  await toAnotherContainer();
  const after = start();
  expect(after.alerts.mutes()).toEqual(before.alerts.mutes());
  await after.pass(1);
  expect(after.words()).toEqual(["fired CUSTOM"]);
});

test("a state that was left is not written again", async () => {
  const before = start();
  await before.alerts.close();
  const left = await onlyStateFile();
  const after = start();
  await after.alerts.settled();
  before.alerts.raise({ type: "CUSTOM", message: "Too late." });
  await before.alerts.settled();
  expect(await onlyStateFile()).not.toBe(left);
});

test("a process killed in another container counts as running for five minutes; alerts resolved meanwhile end", async () => {
  const before = start();
  for (const key of ["vans", "milk"]) {
    before.alerts.raise({ type: "CUSTOM", key, message: `No ${key}.`, quietMs: null });
  }
  before.alerts.raise({ type: "CUSTOM", message: "It rains in.", quietMs: null });
  await before.pass(1);
  await toAnotherContainer();
  const after = start();
  await after.pass(60);
  expect(after.alerts.active()).toEqual([]);
  expect(after.alerts.resolve("CUSTOM", "vans")).toBeUndefined();
  expect(after.alerts.resolve("CUSTOM")).toBeUndefined();
  await toAnotherContainer(301_000);
  await after.pass(60);
  expect(after.alerts.active().map(({ key }) => key)).toEqual(["milk"]);
  expect(after.told.map(({ alert }) => alert.message)).toEqual([
    "Resolved after 2 min 1 s: No vans.",
    "Resolved after 2 min 1 s: It rains in.",
  ]);
  after.alerts.resolve("CUSTOM", "milk");
  await after.pass(1);
  expect(after.words()).toEqual(["resolved CUSTOM", "resolved CUSTOM", "resolved CUSTOM"]);
});

test("a clock that was set back does not extend the lease of a process killed in another container", async () => {
  const before = start();
  await before.observe(down, down);
  await toAnotherContainer(-3_600_000);
  expect(start().alerts.active()).toEqual(before.alerts.active());
});

test("an alert that was raised after a resolution elsewhere goes on", async () => {
  const after = start();
  after.alerts.resolve("CUSTOM", "vans");
  const before = start();
  await before.pass(1);
  before.alerts.raise({ type: "CUSTOM", key: "vans", message: "No vans.", quietMs: null });
  await before.alerts.close();
  await after.pass(60);
  expect(after.alerts.active()).toEqual(before.alerts.active());
});

test("a channel that another process found broken, and that accepts here, is not broken", async () => {
  const before = start();
  const key = "channel:slack";
  before.alerts.raise({ type: "CUSTOM", key, message: "Slack is broken.", quietMs: null });
  await before.pass(1);
  await toAnotherContainer();
  const after = start();
  await after.pass(60);
  after.report(accepted("slack"));
  await toAnotherContainer(301_000);
  await after.pass(60);
  expect(after.alerts.active()).toEqual([]);
  expect(after.words()).toEqual(["resolved CUSTOM"]);
});

test("a channel that another process found broken stays broken until it accepts", async () => {
  const before = start();
  const key = "channel:slack";
  before.alerts.raise({ type: "CUSTOM", key, message: "Slack is broken.", quietMs: null });
  await before.alerts.close();
  const after = start();
  after.report({ ...accepted("slack"), outcome: "refused" });
  await after.pass(1);
  expect(after.alerts.active()).toEqual(before.alerts.active());
  after.report(accepted("slack"));
  await after.pass(1);
  expect(after.words()).toEqual(["resolved CUSTOM"]);
});
