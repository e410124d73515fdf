import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../ops/src/core/clock.ts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { FrontSwitch, type RunningFront, type Slot, startFront } from "../../ops/src/deployment/index.ts";
import { type JudgeGate, judgeGate } from "../../ops/src/deployment/release/judge-gate.ts";
import { readJudgement } from "../../ops/src/deployment/release/judgement.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { type RunningSlot, sendRequests, startSlot } from "./two-slots.ts";

const patient = { timeout: 30_000, interval: 100 };
let dataDir: string;
let directory: string;
let port: number;
let front: RunningFront;
let traffic: FrontSwitch;
let slots: Record<Slot, RunningSlot>;
let gate: JudgeGate;
let since: Date;

const artefact = { version: "1", directory: "/", sha256: null };
/** The release moves clients from green to blue: its roles are not the names of the slots. */
const release = { from: { slot: "green", artefact }, to: { slot: "blue", artefact } } as const;
const share = (percent: number) => ({ blue: percent * 100, green: 10_000 - percent * 100 });

const startGate = () =>
  judgeGate({
    release,
    directory,
    traffic,
    clock: systemClock,
    log: createLogger("silent"),
    observe: {
      isUp: (slot) => slots[slot].isUp(),
      isReady: (slot) => slots[slot].isReady(),
      stepFaults: async () => [],
      criticalAlerts: async () => Promise.reject(new Error("the database is away")),
    },
  });
const start = () => startFront({ dataDir, host: "127.0.0.1", port, baselineRequests: 20 });
const ask = () => gate.judge("phase_50", { since, commands: [] });
const judgement = async () => {
  await ask();
  return readJudgement(directory);
};

const startRelease = async (failing: number) => {
  slots = {
    green: await startSlot(dataDir, "green"),
    blue: await startSlot(dataDir, "blue", failing),
  };
  front = await start();
  traffic = new FrontSwitch(dataDir, "r1");
  await new FrontSwitch(dataDir, "").set(share(0), 1);
  await sendRequests(`${front.url}/quick`, 30);
  await traffic.set(share(50), 2);
  since = new Date();
  gate = startGate();
};

beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  directory = join(dataDir, "releases", "r1");
  await mkdir(directory, { recursive: true });
  port = await freePort();
});
afterEach(async () => {
  await gate?.close();
  await front?.stop();
  await Promise.all(Object.values(slots).map((slot) => slot.kill()));
  await rm(dataDir, { recursive: true, force: true });
});

test("a new version that fails is found by its clients, and a restarted gate knows it", async () => {
  await startRelease(3);
  expect(await ask()).toEqual({ verdict: "wait" });
  await expect.poll(async () => (await judgement())?.last_tick_at, patient).toEqual(expect.any(String));
  await sendRequests(front.url, 200);
  await expect.poll(ask, patient).toMatchObject({ verdict: "revert" });
  expect(await ask()).toMatchObject({ reason: expect.stringContaining("Clients of green fail") });
  await gate.close();

  const known = await readJudgement(directory);
  expect(known).toMatchObject({
    phase: "phase_50",
    verdict: "fail",
    baseline: { requests: 30 },
    roles: { blue: { slot: "green", failed: 0 }, green: { slot: "blue" } },
  });
  const { clients = 0, failed = 0 } = known?.roles.green ?? {};
  expect(failed / clients).toBeCloseTo(0.3, 1);
  const test = known?.tests.find(({ metric }) => metric === "failures");
  expect(test?.limit).toBe(1_000);
  expect(test?.e).toBeGreaterThan(1_000);

  gate = startGate();
  expect(await gate.harm()).toMatchObject({ verdict: "revert" });
}, 60_000);

test("a healthy phase is judged on after the front, then the gate restart", async () => {
  await startRelease(0);
  const clients = async () => {
    const { blue, green } = (await judgement())?.roles ?? {};
    return (blue?.clients ?? 0) + (green?.clients ?? 0);
  };
  await expect.poll(async () => (await judgement())?.last_tick_at, patient).toEqual(expect.any(String));
  await sendRequests(front.url, 40);
  await expect.poll(clients, patient).toBe(40);

  await front.stop();
  front = await start();
  // The ticks of the new front are not old ones.
  await expect
    .poll(async () => {
      await sendRequests(front.url, 5);
      return clients();
    }, patient)
    .toBeGreaterThan(40);
  const before = await readJudgement(directory);
  expect(before).toMatchObject({ verdict: "unknown", found: [] });

  await gate.close();
  const stored = await readJudgement(directory);
  gate = startGate();
  expect(await ask()).toEqual({ verdict: "wait" });
  const after = await readJudgement(directory);
  expect(after?.tests).toEqual(stored?.tests);
  expect(after?.started_at).toBe(before?.started_at);
  const known = await clients();
  await expect
    .poll(async () => {
      await sendRequests(front.url, 5);
      return clients();
    }, patient)
    .toBeGreaterThan(known);
  expect((await readJudgement(directory))?.observed_ms).toBeGreaterThan(before?.observed_ms ?? 0);
}, 60_000);

test("a new version whose process ends is found at once, also without its front", async () => {
  await startRelease(0);
  expect(await ask()).toEqual({ verdict: "wait" });
  await front.stop();
  await slots.green.kill("SIGTERM");
  // The version in production ends: the release is not the cause.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await ask()).not.toMatchObject({ verdict: "revert" });
  await slots.blue.kill("SIGKILL");
  await expect.poll(ask, { timeout: 2_000, interval: 50 }).toMatchObject({
    verdict: "revert",
    reason: expect.stringContaining("The process of green has ended: signal SIGKILL"),
  });
}, 60_000);
