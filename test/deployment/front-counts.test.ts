import { rm } from "node:fs/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FrontSwitch, type RunningFront, startFront, type Tick } from "../../ops/src/deployment/index.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { type RunningSlot, sendRequests, startSlot } from "./two-slots.ts";

let dataDir: string;
let port: number;
let front: RunningFront;
let slots: RunningSlot[];

const start = () => startFront({ dataDir, host: "127.0.0.1", port, baselineRequests: 20 });

beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  port = await freePort();
  slots = [await startSlot(dataDir, "blue", 10), await startSlot(dataDir, "green")];
  front = await start();
});
afterEach(async () => {
  await front.stop();
  await Promise.all(slots.map((slot) => slot.kill()));
  await rm(dataDir, { recursive: true, force: true });
});

/** Ends the current tick by setting the weights; resolves with its epoch. */
const cut = async (traffic: FrontSwitch): Promise<number> => {
  const { epoch } = await traffic.state();
  await traffic.set({ blue: 10_000, green: 0 }, epoch + 1);
  return epoch;
};

/** Collects ticks. `stop` ends the current one, and resolves with those in which there were requests. */
const follow = async (traffic: FrontSwitch) => {
  const ticks: Tick[] = [];
  const stopped = new AbortController();
  const following = (async () => {
    for await (const tick of traffic.ticks(stopped.signal)) ticks.push(tick);
  })().catch(() => undefined);
  const begun = async () => {
    await cut(traffic);
    return ticks.length;
  };
  await expect.poll(begun).toBeGreaterThan(0);
  const stop = async () => {
    const last = await cut(traffic);
    await expect.poll(() => ticks.some(({ epoch }) => epoch === last)).toBe(true);
    stopped.abort();
    await following;
    return ticks.map((tick) => tick.slots.blue).filter(({ requests }) => requests > 0);
  };
  return { stop };
};

test("a client that fails in several ticks counts as failed in the first", async () => {
  const traffic = new FrontSwitch(dataDir, "r1");
  const following = await follow(traffic);
  for (let round = 0; round < 3; round++) {
    expect(await sendRequests(front.url, 4, () => "one")).toEqual([500, 500, 500, 500]);
    await cut(traffic);
  }
  const counted = await following.stop();
  expect(counted.reduce((sum, { requests }) => sum + requests, 0)).toBe(12);
  expect(counted.length).toBeGreaterThanOrEqual(3);
  expect(counted.map(({ clients }) => clients)).toEqual(counted.map(() => 1));
  expect(counted.map(({ failed_clients }) => failed_clients)).toEqual(counted.map((_, at) => (at ? 0 : 1)));
}, 30_000);

test("the hour before a release is fixed at its first division, and survives the front", async () => {
  const first = new FrontSwitch(dataDir, "r1");
  expect(await first.baseline()).toBeNull();
  await sendRequests(front.url, 10);
  await sendRequests(`${front.url}/quick`, 30);
  // Readable before the release, as soon as the tick ends.
  await expect.poll(() => first.baseline(), { timeout: 10_000 }).toMatchObject({ requests: 40 });

  await first.set({ blue: 9_900, green: 100 }, 1);
  const baseline = await first.baseline();
  expect(baseline).toMatchObject({ requests: 40, failed_clients: 10 });
  expect(baseline?.p50_ms).toBeGreaterThan(0);
  expect(baseline?.p99_ms).toBeGreaterThanOrEqual(baseline?.p50_ms ?? 0);
  await sendRequests(front.url, 30);
  await first.set({ blue: 5_000, green: 5_000 }, 2);
  expect(await first.baseline()).toEqual(baseline);
  expect((await first.state()).last_hour?.requests).toBeGreaterThan(40);

  await front.stop();
  front = await start();
  expect(await first.baseline()).toEqual(baseline);
  // The next release is compared with its own hour, of which the new front knows nothing yet.
  const second = new FrontSwitch(dataDir, "r2");
  expect(await second.baseline()).toBeNull();
  await second.set({ blue: 9_900, green: 100 }, 3);
  expect(await second.state()).toMatchObject({ baseline: null });
}, 30_000);

test("a slow client is found by the baseline, also after the front restarts", async () => {
  await sendRequests(`${front.url}/quick`, 30);
  const traffic = new FrontSwitch(dataDir, "r1");
  await traffic.set({ blue: 9_900, green: 100 }, 1);
  const findSlow = async () => {
    const following = await follow(traffic);
    await sendRequests(`${front.url}/slow`, 1, () => "one");
    return (await following.stop())[0]?.slow_clients;
  };
  expect(await findSlow()).toEqual({ p50: 1, p95: 1, p99: 1 });
  expect(await findSlow()).toEqual({ p50: 0, p95: 0, p99: 0 });
  await front.stop();
  front = await start();
  expect(await findSlow()).toEqual({ p50: 1, p95: 1, p99: 1 });
}, 30_000);
