import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import fc from "fast-check";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type BundledProgram, bundleProgram } from "../rollback/bundled-program.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { type SlackPeer, startSlackPeer } from "../support/slack-peer.ts";
import type { AlertingLife } from "./alerting-program.ts";
import type { Life } from "./dispatching-program.ts";

const long = process.env.TEST_LONG !== undefined;
const perLife = 6;

let program: BundledProgram;
let alertingProgram: BundledProgram;
let home: string;
let peers: SlackPeer[];
let born: number;
let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
  program = await bundleProgram(new URL("./dispatching-program.ts", import.meta.url));
  alertingProgram = await bundleProgram(new URL("./alerting-program.ts", import.meta.url));
});
afterAll(async () => {
  await program?.remove();
  await alertingProgram?.remove();
  await database?.drop();
});
beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "earlybird-killed-"));
  peers = [await startSlackPeer(), await startSlackPeer()];
  born = 0;
});
afterEach(async () => {
  await Promise.all(peers.map((peer) => peer.close()));
  await rm(home, { recursive: true });
});

/** One life: takes up what is there, takes over some more, and ends by itself or at the point it is given. */
const live = async (life: Partial<Life>, killAfterMs?: number) => {
  const numbers = life.numbers ?? Array.from({ length: perLife }, () => ++born);
  const whole: Life = {
    spoolDir: join(home, "spool"),
    webhookUrls: peers.map(({ webhookUrl }) => webhookUrl),
    dieAt: 0,
    moment: "before",
    ...life,
    numbers,
  };
  return run(program, whole, killAfterMs);
};

const run = async ({ path }: BundledProgram, life: unknown, killAfterMs?: number) => {
  const child = spawn(process.execPath, [path, JSON.stringify(life)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const closed = once(child, "close");
  if (killAfterMs !== undefined) {
    await Promise.race([once(child.stdout, "data"), closed]);
    await sleep(killAfterMs);
    child.kill("SIGKILL");
  }
  await closed;
  const lines = said.split("\n").filter((line) => line !== "");
  const calls = lines.at(-1)?.match(/^done after (\d+)$/)?.[1];
  const safe = lines.filter((line) => /^\d+$/.test(line)).map(Number);
  return { wasKilled: calls === undefined, calls: Number(calls ?? 0), safe };
};

/** The numbers that have arrived at each peer, in the order in which they came. */
const arrived = (): number[][] =>
  peers.map(({ messages }) =>
    messages.map(({ text }) => Number(/ (\d+): | \((\d+)\) /.exec(text)?.slice(1).find(Boolean))),
  );

/** Lives one life after the other, then one in peace; nothing that was safe is lost, and little repeated. */
const expectNothingLost = async (lives: (() => ReturnType<typeof live>)[]): Promise<number> => {
  const safe: number[] = [];
  let killed = 0;
  for (const next of lives) {
    const { wasKilled, safe: alsoSafe } = await next();
    safe.push(...alsoSafe);
    if (wasKilled) killed++;
  }
  expect(await live({ numbers: [] })).toMatchObject({ wasKilled: false });
  for (const numbers of arrived()) {
    const distinct = new Set(numbers);
    expect(safe.filter((number) => !distinct.has(number))).toEqual([]);
    expect(numbers.length - distinct.size).toBeLessThanOrEqual(killed);
  }
  expect(await readdir(join(home, "spool"))).toEqual([]);
  return killed;
};

test("a kill at any change of the disk loses no accepted notification, and repeats at most one", {
  timeout: long ? 1_800_000 : 120_000,
}, async () => {
  const { calls } = await live({});
  expect(calls).toBeGreaterThan(50);
  const everyPoint = Array.from({ length: calls }, (_, n) => n + 1);
  const points = long ? everyPoint : everyPoint.filter((point) => point % Math.ceil(calls / 9) === 3);
  const moments = long ? (["before", "after"] as const) : undefined;
  const lives = points.flatMap((dieAt, n) =>
    (moments ?? [n % 2 ? ("before" as const) : ("after" as const)]).map(
      (moment) => () => live({ dieAt, moment }),
    ),
  );
  expect(await expectNothingLost(lives)).toBeGreaterThanOrEqual(lives.length - 1);
});

test("a kill at a random moment loses and repeats no more", {
  timeout: long ? 1_800_000 : 120_000,
}, async () => {
  const moments = fc.sample(fc.nat({ max: 40 }), { numRuns: long ? 100 : 6, seed: 27 });
  const lives = moments.map((afterMs) => () => live({}, afterMs));
  expect(await expectNothingLost(lives)).toBeGreaterThan(0);
});

const atOnce = 50;

/** One life of a whole manager; the directory is of the one life before it, and of those after. */
const alertLife = (dataDir: string, life: Partial<AlertingLife> = {}) => {
  const webhookUrls = peers.map(({ webhookUrl }) => webhookUrl);
  const whole: AlertingLife = {
    dataDir,
    webhookUrls,
    alerts: 0,
    resolved: 0,
    dieAt: 0,
    moment: "before",
    ...life,
  };
  return run(alertingProgram, whole);
};

/** The numbers of the alerts of which a crash has left a state: none may be lost. */
const alertsOnDisk = async (dataDir: string): Promise<number[]> => {
  const directory = join(dataDir, "alerts", "state");
  const names = (await readdir(directory).catch(() => [])).filter((name) => name.endsWith(".json"));
  const texts = await Promise.all(names.map((name) => readFile(join(directory, name), "utf8")));
  return texts
    .flatMap((text) => JSON.parse(text).incidents as { alert: { key: string } }[])
    .map(({ alert }) => Number(alert.key));
};

test("a kill at any change of the disk loses none of fifty alerts, and repeats at most one", {
  timeout: long ? 1_800_000 : 120_000,
}, async () => {
  const { calls } = await alertLife(join(home, "in peace"), { alerts: atOnce });
  expect(calls).toBeGreaterThan(atOnce * 4);
  // It takes four to write one: by then nearly all are in the spool, and the state is about to be saved.
  const written = atOnce * 4;
  const points = long
    ? Array.from({ length: calls }, (_, n) => n + 1).filter((point) => point % 3 === 0)
    : [written, written + 10, written + 20, written + 40];
  for (const [n, dieAt] of points.entries()) {
    for (const peer of peers) peer.messages.length = 0;
    const dataDir = join(home, `${dieAt}`);
    await mkdir(dataDir);
    const moment = n % 2 ? "before" : "after";
    const { wasKilled } = await alertLife(dataDir, { alerts: atOnce, dieAt, moment });
    const alerts = await alertsOnDisk(dataDir);
    expect(await alertLife(dataDir)).toMatchObject({ wasKilled: false });
    for (const numbers of arrived()) {
      const distinct = new Set(numbers);
      expect(alerts.filter((number) => !distinct.has(number))).toEqual([]);
      expect(numbers.length - distinct.size).toBeLessThanOrEqual(wasKilled ? 1 : 0);
    }
  }
});

/** The numbers of the alerts whose end has arrived at each peer. */
const endsArrived = (): number[][] =>
  arrived().map((numbers, n) => numbers.filter((_, m) => peers[n]?.messages[m]?.text.includes("RESOLVED")));

test("an end that was claimed and not sent before a kill is sent once by the next process", {
  timeout: long ? 1_800_000 : 120_000,
}, async () => {
  const few = 8;
  const all = Array.from({ length: few }, (_, n) => n + 1);
  const told = await alertLife(join(home, "told"), { alerts: few, databaseUrl: database.url });
  const inPeace = { alerts: few, resolved: few, databaseUrl: database.url };
  await database.pool.query("truncate earlybird.alert_claims");
  const { calls } = await alertLife(join(home, "in peace"), inPeace);
  expect(calls).toBeGreaterThan(told.calls + few * 2);
  const ending = Array.from({ length: calls - told.calls }, (_, n) => told.calls + n + 1);
  const points = long
    ? ending
    : ending.filter((point) => (point - told.calls) % Math.ceil(ending.length / 5) === 3);
  for (const [n, dieAt] of points.entries()) {
    await database.pool.query("truncate earlybird.alert_claims");
    for (const peer of peers) peer.messages.length = 0;
    const dataDir = join(home, `${dieAt}`);
    await mkdir(dataDir);
    const { wasKilled } = await alertLife(dataDir, { ...inPeace, dieAt, moment: n % 2 ? "before" : "after" });
    expect(await alertLife(dataDir, { resolved: few, databaseUrl: database.url })).toMatchObject({
      wasKilled: false,
    });
    for (const numbers of endsArrived()) {
      expect([...new Set(numbers)].sort()).toEqual(all);
      expect(numbers.length - few).toBeLessThanOrEqual(wasKilled ? 1 : 0);
    }
  }
});
