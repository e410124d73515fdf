import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { SlotCounts, Tick } from "../traffic/index.ts";
import { type JudgeGate, type JudgeGateOptions, judgeGate, standardDemands } from "./judge-gate.ts";
import { readJudgement } from "./judgement.ts";

let directory: string;
let clock: StandingClock;
let warnings: string[];
let options: JudgeGateOptions;
let gate: JudgeGate;

const artefact = { version: "1", directory: "/", sha256: null };
const baseline = { requests: 9_000, clients: 9_000, failed_clients: 9, p50_ms: 1, p95_ms: 2, p99_ms: 3 };
const since = new Date("2027-03-01T10:00:00Z");
const ask = (phase: "phase_1" | "phase_10" = "phase_1") => gate.judge(phase, { since, commands: [] });

beforeEach(async () => {
  directory = await makeTemporaryDirectory();
  clock = new StandingClock(since.toISOString());
  warnings = [];
  options = {
    release: { from: { slot: "blue", artefact }, to: { slot: "green", artefact } },
    directory,
    traffic: {},
    clock,
    log: { warn: (...line: unknown[]) => void warnings.push(String(line[1])) },
    observe: {
      isUp: async () => null,
      isReady: async () => true,
      stepFaults: async () => [],
      criticalAlerts: async () => [],
    },
  };
  gate = judgeGate(options);
});
afterEach(() => gate.close());

const observe = (parts: Partial<JudgeGateOptions["observe"]>) => {
  options.observe = { ...options.observe, ...parts };
  gate = judgeGate(options);
};

const counts = (clients: number): SlotCounts => ({
  requests: clients,
  clients,
  failed_clients: 0,
  slow_clients: { p50: 0, p95: 0, p99: 0 },
});

/** Ticks of 5 s, all at once; then nothing. */
async function* ticksOf(percent: number, number: number, signal?: AbortSignal): AsyncGenerator<Tick> {
  for (let at = 0; at < number; at++) {
    clock.advanceMs(5_000);
    yield {
      from: new Date(clock.now().getTime() - 5_000).toISOString(),
      to: clock.now().toISOString(),
      weights: { blue: 10_000 - percent * 100, green: percent * 100 },
      epoch: 1,
      slots: { blue: counts(900), green: counts(100) },
    };
  }
  await sleep(60_000, undefined, { signal });
}

describe("a phase", () => {
  test("without counts waits until its deadline, then holds, and never passes", async () => {
    expect(await ask()).toEqual({ verdict: "wait" });
    clock.advanceMs(standardDemands.phase_1.deadlineMs - 1);
    expect(await ask()).toEqual({ verdict: "wait" });
    clock.advanceMs(1);
    expect(await ask()).toMatchObject({
      verdict: "hold",
      reason: expect.stringMatching(/^The deadline of 60 min has passed\. There are no counts yet\./),
    });
  });

  test("passes after its dwell; the next one begins from zero", async () => {
    options.traffic = { ticks: (signal) => ticksOf(1, 60, signal), baseline: async () => baseline };
    gate = judgeGate(options);
    expect(await ask()).toEqual({ verdict: "wait" });
    await expect.poll(() => ask()).toEqual({ verdict: "pass" });
    expect(await ask("phase_10")).toEqual({ verdict: "wait" });
    await gate.close();
    const known = await readJudgement(directory, clock);
    expect(known).toMatchObject({
      phase: "phase_10",
      demands: { green_percent: 10, delta: 0.01 },
      observed_ms: 0,
      roles: { blue: { slot: "blue", clients: 0, last_minute: { clients: 10_800 } } },
    });
  });

  test("has the demands of the settings", async () => {
    const demands = { ...standardDemands, phase_1: { delta: 0.5, dwellMs: 5_000, deadlineMs: 60_000 } };
    options = {
      ...options,
      demands,
      traffic: { ticks: (signal) => ticksOf(1, 3, signal), baseline: async () => baseline },
    };
    gate = judgeGate(options);
    await expect.poll(() => ask()).toEqual({ verdict: "pass" });
  });
});

describe("at once", () => {
  test.each<[string, Partial<JudgeGateOptions["observe"]>, string | null]>([
    [
      "the new version ends",
      { isUp: async (slot) => (slot === "green" ? "status 1" : null) },
      "has ended: status 1",
    ],
    ["the version in production ends", { isUp: async (slot) => (slot === "blue" ? "status 1" : null) }, null],
    ["a step is damaged", { stepFaults: async () => [{ step: 23, detail: "4 rows" }] }, "step 23 fails: 4"],
    [
      "only the new version raises an alert",
      { criticalAlerts: async () => [{ type: "HIGH_CPU", slots: ["green"] }] },
      "the critical alert HIGH_CPU",
    ],
    [
      "both raise an alert",
      { criticalAlerts: async () => [{ type: "HIGH_CPU", slots: ["blue", "green"] }] },
      null,
    ],
    ["nothing can be asked", { isUp: () => Promise.reject(new Error("away")) }, null],
  ])("%s", async (_, parts, reason) => {
    observe(parts);
    for (let looks = 0; looks < 5; looks++) {
      await ask();
      clock.advanceMs(1_000);
      await sleep(5);
    }
    if (reason === null) expect(await ask()).toEqual({ verdict: "wait" });
    else
      for (const verdict of [await ask(), await gate.harm()])
        expect(verdict).toMatchObject({ verdict: "revert", reason: expect.stringContaining(reason) });
  });

  test("a new version that is not ready is asked each second, and found at the third time", async () => {
    let asked = 0;
    observe({ isReady: async (slot) => slot === "blue" || ++asked > 3 });
    for (let looks = 1; looks <= 4; looks++) {
      await ask();
      await ask();
      await sleep(5);
      expect(asked).toBe(looks);
      clock.advanceMs(1_000);
    }
    expect(await ask()).toMatchObject({
      verdict: "revert",
      reason: expect.stringContaining("not ready 3 times"),
    });
  });

  test("nothing is looked at between questions: a revert stops the new version itself", async () => {
    let isStopped = false;
    observe({ isUp: async () => (isStopped ? "SIGTERM" : null) });
    await ask();
    await sleep(5);
    isStopped = true;
    clock.advanceMs(10_000);
    await sleep(20);
    await gate.close();
    expect(await readJudgement(directory, clock)).toMatchObject({ found: [] });
  });
});

test("a source that fails is logged once, until it answers again", async () => {
  let isAway = true;
  observe({ isUp: async () => (isAway ? Promise.reject(new Error("away")) : null) });
  const look = async () => {
    clock.advanceMs(1_000);
    await ask();
    await sleep(5);
  };
  for (let looks = 0; looks < 3; looks++) await look();
  expect(warnings.length).toBe(2);
  isAway = false;
  await look();
  isAway = true;
  await look();
  expect(warnings.length).toBe(4);
});

test("outside of phases, a release is judged for harm only: it has no deadline", async () => {
  expect(await gate.harm()).toEqual({ verdict: "wait" });
  clock.advanceMs(72 * 3_600_000);
  expect(await gate.harm()).toEqual({ verdict: "wait" });
  await gate.close();
  expect(await readJudgement(directory, clock)).toMatchObject({ phase: null, verdict: "unknown" });
});

test("without a state there is no judgement, and a damaged one begins anew", async () => {
  expect(await readJudgement(directory)).toBeNull();
  await writeFile(join(directory, "judge.json"), '{"phase":');
  expect(await readJudgement(directory)).toBeNull();
  expect(await ask()).toEqual({ verdict: "wait" });
  expect(warnings).toEqual(["the judge starts anew"]);
  await gate.close();
  expect(await readJudgement(directory)).toMatchObject({ phase: "phase_1", found: [] });
});
