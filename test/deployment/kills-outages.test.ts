import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { releaseReaches } from "./killed-release.ts";
import { type OwnDatabase, startOwnDatabase } from "./own-database.ts";
import { Production, until } from "./production.ts";

const settings = { RELEASE_VALIDATION_MINUTES: "5,10,15,20,25" };
let database: OwnDatabase;
let production: Production;
let target: string;
beforeAll(async () => {
  database = await startOwnDatabase();
  production = await Production.open(settings, database);
  target = await production.install("v2", { version: "2.0.0", steps: true });
}, 120_000);
afterAll(() => production?.close(), 60_000);

const versionThatServes = async (): Promise<string> => {
  const response = await fetch(production.url);
  return ((await response.json()) as { slot: string }).slot;
};
/** A child that has ended stays, as a zombie, until its parent takes notice. */
const hasChildren = async (pid: number): Promise<boolean> => {
  const pids = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8");
  const stats = await Promise.all(
    pids
      .split(" ")
      .filter(Boolean)
      .map((child) => readFile(`/proc/${child}/stat`, "latin1")),
  );
  return stats.some((stat) => !stat.includes(") Z "));
};
/** The traffic moves, and the rows of step 1 cannot be filled. */
const loseDatabaseAtSwitch = async (): Promise<void> => {
  await production.planAndConduct(target);
  await releaseReaches(production, "smoke green");
  const conductor = await production.conductor();
  process.kill(conductor, "SIGSTOP");
  // The smoke suite is a process of its own.
  await until(async () => !(await hasChildren(conductor)), "the smoke suite does not end");
  await database.kill();
  process.kill(conductor, "SIGCONT");
  const { events } = await production.reaches("held");
  expect(events.findLast(({ type }) => type === "state")).toMatchObject({ state: "held", outage: true });
  expect(await versionThatServes()).toBe("2.0.0");
};

test("without database, the traffic is reverted, and the rest follows when it is back", {
  timeout: 180_000,
}, async () => {
  await loseDatabaseAtSwitch();
  await production.tell("revert");
  await until(async () => (await versionThatServes()) === "1.0.0", "the old version does not serve");
  const { state, acts } = await production.report();
  expect(state).toBe("reverting");
  expect(acts.find(({ act }) => act === "step 1")).not.toMatchObject({ state: "undone" });
  await database.restart();
  await production.reaches("reverted");
  expect(await production.applied()).toEqual([]);
});

test("a release that lost the database goes on by itself, and of two operators one moves it", {
  timeout: 180_000,
}, async () => {
  await loseDatabaseAtSwitch();
  await database.restart();
  await production.reaches("watching");

  const another = ["--to", await production.install("v3", { version: "3.0.0" }), "--reason", "test"];
  const refused = await Promise.all([
    production.earlybird("release", "plan", ...another),
    production.earlybird("release", "start", "--detach", ...another),
  ]);
  for (const { exitStatus, stderr } of refused) {
    expect(stderr).toContain("EB_RELEASE_OPEN");
    expect(exitStatus).toBe(5);
  }

  const both = (...commands: string[]) =>
    Promise.all(commands.map((name) => production.earlybird("release", name, "--reason", "test")));
  const held = await both("hold", "hold");
  expect(held.map(({ exitStatus }) => exitStatus).filter((status) => status !== 0 && status !== 4)).toEqual(
    [],
  );
  await production.reaches("held");
  await both("advance", "revert");
  await production.reaches("reverted");
  expect(await production.applied()).toEqual([]);
  const again = await both("revert", "revert");
  for (const { exitStatus, stderr } of again) {
    expect(stderr).toContain("EB_RELEASE_STATE");
    expect(exitStatus).toBe(4);
  }
});

test("with everything killed, an emergency brings the old version back", { timeout: 180_000 }, async () => {
  await production.planAndConduct(target);
  await production.reaches("watching");
  await production.killFront();
  for (const pid of [
    await production.conductor(),
    await production.pidOf("blue"),
    await production.pidOf("green"),
  ])
    process.kill(pid, "SIGKILL");

  const { exitStatus, stdout, stderr } = await production.earlybird(
    ...["emergency", "--reason", "nothing works", "--json"],
  );
  expect(JSON.parse(stdout || "{}"), stderr).toMatchObject({ outcome: "verified" });
  expect(exitStatus).toBe(0);
  expect(await versionThatServes()).toBe("1.0.0");
  expect(await production.applied()).toEqual([]);
  expect(await production.launches()).toEqual({ blue: true, green: false });
});
