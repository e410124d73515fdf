import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import {
  isOver,
  type JournalEntry,
  journalFile,
  type ReleaseState,
  readJournal,
  readProcess,
} from "../../ops/src/deployment/index.ts";
import { replay } from "../../ops/src/deployment/release/replay.ts";
import { type Load, type Sent, startLoad } from "./load.ts";
import type { OwnDatabase } from "./own-database.ts";
import { type Production, until } from "./production.ts";

export const victims = ["front", "conductor", "blue", "green", "postgres"] as const;
export type Victim = (typeof victims)[number];

/** A busy machine takes long; nothing depends on it. */
const patientMs = 120_000;

/** When something is killed: the intent of an act, on the way forth or back, or a state. */
export type Moment = string;
export const takenBack = (act: string): Moment => `${act}, taken back`;

export interface Kills {
  victim: Victim;
  /** Killed once at each of them. */
  moments: readonly Moment[];
  /** What people do after a kill. A release that is completed is reverted in any case. */
  next: "resume" | "revert";
}

export const nameOf = ({ victim, moments, next }: Kills): string =>
  `${victim} killed at ${moments.length > 6 ? "each moment" : moments.join(", ")}; ${next}`;

/** A time in which requests may be lost. */
interface Window {
  fromMs: number;
  toMs: number;
  mayBeLost: (sent: Sent) => boolean;
}

export interface Ended {
  /** How the release ended first. */
  state: ReleaseState;
  /** The moments that came while there was something to kill. */
  killedAt: Moment[];
}

/** Runs a release with kills, and checks all that it leaves. Ends as it began, with the old version. */
export const releaseWithKills = async (
  production: Production,
  database: OwnDatabase,
  target: string,
  { victim, moments, next }: Kills,
): Promise<Ended> => {
  const load = startLoad(production.url, {
    kinds: ["read", "order", "payment"],
    connections: 2,
    pauseMs: 40,
  });
  const accepting = production.keepAccepting();
  const windows: Window[] = [];
  const killedAt: Moment[] = [];
  let first: ReleaseState | undefined;
  try {
    await production.planAndConduct(target);
    for (;;) {
      const reached = await nextMoment(
        production,
        victim,
        moments.filter((each) => !killedAt.includes(each)),
      );
      if (moments.includes(reached) && !killedAt.includes(reached)) {
        killedAt.push(reached);
        windows.push(await carryOut(production, database, victim));
        await (next === "revert" && first === undefined
          ? revertUnlessOver(production)
          : production.conduct());
        continue;
      }
      if (reached === "stuck") throw new Error(`stuck: ${(await production.report()).because}`);
      const state = reached as ReleaseState;
      first ??= state;
      await expectKnown(production, state);
      if (reached === "reverted") break;
      await production.tell("revert");
    }
    await load.stop();
    await expectEachOnce(production, load, windows);
    return { state: first, killedAt };
  } finally {
    if (process.env.SHOW_LOGS) await showTimes(production);
    accepting.stop();
    await load.stop();
  }
};

const momentOf = (entry: JournalEntry): Moment | undefined => {
  if (entry.type === "state") return entry.state;
  if (entry.type !== "intent") return undefined;
  return entry.direction === "do" ? entry.act : takenBack(entry.act);
};

/** Waits until the newest release comes to a moment. */
export const releaseReaches = async (production: Production, moment: Moment): Promise<void> => {
  const hasCome = async () => (await production.report()).events.some((entry) => momentOf(entry) === moment);
  await until(hasCome, `the release does not come to ${moment}`, patientMs);
};

/** The next of the moments at which there is something to kill, or the state of the release once it is over. */
const nextMoment = async (
  production: Production,
  victim: Victim,
  moments: readonly Moment[],
): Promise<Moment> => {
  const { id } = await production.newest();
  const file = journalFile(production.dataDir, id);
  for (const endMs = performance.now() + patientMs; performance.now() < endMs; await sleep(2)) {
    const last = (await readJournal(file)).findLast((entry) => momentOf(entry) !== undefined);
    const now = last && momentOf(last);
    if (now && moments.includes(now) && (await isThere(production, victim))) return now;
    const { state } = replay(await readJournal(file));
    if ((isOver(state) || state === "stuck") && (await production.conductor()) === 0) return state;
  }
  throw new Error(`nothing happens: ${JSON.stringify((await production.report()).events.slice(-6))}`);
};

const isThere = async (production: Production, victim: Victim): Promise<boolean> =>
  victim === "blue" || victim === "green"
    ? (await production.pidOf(victim)) > 0
    : victim !== "conductor" || (await production.conductor()) > 0;

/** Kills, and does what a service manager would. Resolves with what may be lost meanwhile. */
const carryOut = async (production: Production, database: OwnDatabase, victim: Victim): Promise<Window> => {
  const other = victim === "blue" ? "green" : "blue";
  const servesToo = async () =>
    (await production.launches())[other] &&
    (await readProcess(production.dataDir, other))?.ready !== undefined;
  const servedBefore = await servesToo();
  const fromMs = performance.now();
  if (victim === "postgres") {
    await database.kill();
    await sleep(1_000);
    await database.restart();
  } else if (victim === "front") {
    await production.killFront();
    await production.start();
  } else {
    const pid = victim === "conductor" ? await production.conductor() : await production.pidOf(victim);
    if (pid > 0) await killProcess(pid);
  }
  await until(() => production.serves(), "the service does not answer after the kill");
  // A release may be stopping it at the same time.
  const isBypassed = servedBefore && (await servesToo());
  const toMs = performance.now() + (victim === "conductor" ? 0 : closesWithinMs);
  return { fromMs, toMs, mayBeLost: mayBeLost(victim, isBypassed) };
};

/** On a busy machine, the front may not have read yet that an idle connection to a killed process is closed. */
const closesWithinMs = 250;

/** Resolves once it is dead: until then, it may answer. */
const killProcess = async (pid: number): Promise<void> => {
  process.kill(pid, "SIGKILL");
  const stateOf = async () =>
    (await readFile(`/proc/${pid}/stat`, "latin1").catch(() => ") X")).split(") ").at(-1)?.[0];
  await until(async () => /[XZ]/.test((await stateOf()) ?? ""), `process ${pid} does not die`);
};

const mayBeLost = (victim: Victim, isBypassed: boolean): Window["mayBeLost"] => {
  if (victim === "conductor") return () => false;
  if (victim === "postgres") return ({ kind }) => kind !== "read";
  // What was inside of the killed slot, and may have been executed.
  if (victim !== "front" && isBypassed) return ({ kind }) => kind === "payment";
  return () => true;
};

const revertUnlessOver = async (production: Production): Promise<void> => {
  const { state } = await production.report();
  // It may have found the harm itself.
  if (state === "reverted" || state === "reverting") await production.conduct();
  else await production.tell("revert");
};

/** Everything is as it is after a release without a kill. */
const expectKnown = async (production: Production, state: ReleaseState): Promise<void> => {
  const isNew = state === "completed";
  const [serving, stopped] = isNew ? (["green", "blue"] as const) : (["blue", "green"] as const);
  const report = await production.report();
  expect(report.acts.filter((act) => act.state !== (isNew ? "done" : "undone"))).toEqual([]);
  expect(await production.launches()).toEqual({ blue: !isNew, green: isNew });
  // One that was killed may be on its way.
  await until(async () => (await production.pidOf(serving)) > 0, `${serving} does not run`);
  await until(async () => (await production.processesIn(stopped)) === 0, `${stopped} still runs`);
  expect(await production.processesIn(serving)).toBe(1);
  const { weights } = await production.traffic.state();
  expect(weights).toEqual({ [serving]: 10_000, [stopped]: 0 });
  const { rows: steps } = await production.pool.query<{ step: number; state: string }>(
    "select step, state from earlybird.steps order by step",
  );
  // A step that was never reached is unknown.
  expect(steps.map(({ step }) => step)).toEqual([1, 2].slice(0, isNew ? 2 : steps.length));
  expect(new Set(steps.map((step) => step.state))).toEqual(
    new Set(steps.length === 0 ? [] : [isNew ? "applied" : "rolled_back"]),
  );
  const { rows: running } = await production.pool.query(
    "select id, kind from earlybird.operations where state = 'running'",
  );
  expect(running).toEqual([]);
};

/** What got a response is executed once, and nothing is executed twice. */
const expectEachOnce = async (
  { pool }: Production,
  { sent }: Load,
  windows: readonly Window[],
): Promise<void> => {
  const lost = sent.filter((each) => each.lost !== null);
  const isExplained = (each: Sent) =>
    windows.some(
      ({ fromMs, toMs, mayBeLost }) => each.endedMs >= fromMs && each.startedMs <= toMs && mayBeLost(each),
    );
  const unexplained = lost.filter((each) => !isExplained(each));
  expect(unexplained.length, JSON.stringify([unexplained[0], unexplained.at(-1), windows])).toBe(0);
  const writes = sent.filter(({ kind }) => kind !== "read");
  const { rows } = await pool.query<{ key: string; times: number }>(
    "select key, count(*)::int as times from executions where key = any($1) group by key",
    [writes.map(({ key }) => key)],
  );
  expect(rows.filter(({ times }) => times !== 1)).toEqual([]);
  const executed = new Set(rows.map(({ key }) => key));
  expect(writes.filter(({ key, lost }) => lost === null && !executed.has(key))).toEqual([]);
};

/** For people who look into a run. */
const showTimes = async (production: Production): Promise<void> => {
  const { events } = await production.report();
  for (const event of events) {
    const { at, type, ...rest } = event;
    if (type !== "command") console.log(at.slice(14), type, ...Object.values(rest));
  }
};
