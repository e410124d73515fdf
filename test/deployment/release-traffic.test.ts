import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FrontSwitch,
  readProcess,
  type Slot,
  stopProcess,
  writeLaunch,
} from "../../ops/src/deployment/index.ts";
import { root } from "../repository/imports.ts";
import { createTestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { type Load, startLoad } from "./load.ts";

/** Inside the repository, so that the program finds its packages. */
const bundle = `${root}node_modules/.cache/earlybird-front-${process.pid}.mjs`;
const program = { command: process.execPath, args: [bundle], cwd: root };
const patient = { timeout: 30_000 };
let dataDir: string;
let database: Awaited<ReturnType<typeof createTestDatabase>>;
let url: string;
let env: NodeJS.ProcessEnv;
let front: ChildProcess;
let epoch = 0;
let traffic: FrontSwitch;

const startFront = async (): Promise<void> => {
  front = spawn(program.command, program.args, { env, stdio: ["ignore", "pipe", "inherit"] });
  let output = "";
  front.stdout?.setEncoding("utf8").on("data", (text) => {
    output += text;
  });
  await expect.poll(() => output, patient).toContain(`open at ${url}`);
};
const shift = (green: number) => traffic.set({ blue: 10_000 - green, green }, ++epoch);
const pidOf = async (slot: Slot) => (await readProcess(dataDir, slot))?.owner.pid ?? 0;
const isReady = async (slot: Slot) => (await readProcess(dataDir, slot))?.ready !== undefined;
const answered = async (load: Load, more: number) => {
  const wanted = load.sent.length + more;
  await expect.poll(() => load.sent.length, { interval: 5, ...patient }).toBeGreaterThan(wanted);
};
const expectEachOrderOnce = async (load: Load) => {
  const keys = load.sent.filter(({ kind }) => kind === "order").map(({ key }) => key);
  const { rows } = await database.pool.query("select key, executed from orders where key = any($1)", [keys]);
  expect(rows.length).toBe(keys.length);
  expect(rows.every(({ executed }) => executed === 1)).toBe(true);
};

beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  // One file starts in a fraction of the time that the sources take.
  await build({
    entryPoints: [`${root}test/deployment/program.ts`],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  database = await createTestDatabase();
  await database.pool.query("create table orders (key text primary key, executed int not null default 0)");
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  env = { ...process.env, DATA_DIR: dataDir, PORT: String(port), DATABASE: database.url };
  traffic = new FrontSwitch(dataDir, "r1");
});
afterAll(async () => {
  front?.kill("SIGKILL");
  for (const slot of ["blue", "green"] as const) {
    const running = await readProcess(dataDir, slot);
    if (running) await stopProcess(running.owner, 0);
  }
  await database?.drop();
  await rm(bundle, { force: true });
  await rm(dataDir, { recursive: true, force: true });
});

test("a release and a revert lose nothing, a killed slot is bypassed, and a front is replaced", async () => {
  await startFront();
  await writeLaunch(dataDir, "green", program);
  await expect.poll(() => isReady("green"), patient).toBe(true);

  const load = startLoad(url, { connections: 16 });
  const slotsOf = new Map<string, string[]>();
  for (const green of [0, 100, 1_000, 5_000, 10_000]) {
    await shift(green);
    const from = load.sent.length;
    await answered(load, 400);
    const since = load.sent.slice(from + 32);
    for (const { client, slot } of since) {
      const seen = slotsOf.get(client) ?? [];
      if (seen.at(-1) !== slot) slotsOf.set(client, [...seen, slot]);
    }
    const share = since.filter(({ slot }) => slot === "green").length / since.length;
    expect(Math.abs(share - green / 10_000)).toBeLessThan(0.12);
  }
  // Nobody goes back and forth.
  expect([...slotsOf.values()].filter((seen) => seen.length > 2)).toEqual([]);
  const revertMs = performance.now();
  await shift(0);
  expect(performance.now() - revertMs).toBeLessThan(1_000);
  const from = load.sent.length + 32;
  await answered(load, 100);
  expect(new Set(load.sent.slice(from).map(({ slot }) => slot))).toEqual(new Set(["blue"]));

  await shift(1_000);
  await answered(load, 100);
  const killed = await pidOf("green");
  process.kill(killed, "SIGKILL");
  await answered(load, 200);
  // It is started again, and readmitted when it is ready.
  await expect
    .poll(async () => (await pidOf("green")) !== killed && (await isReady("green")), patient)
    .toBe(true);
  await expect.poll(async () => (await traffic.state()).slots.green.ejected).toBe(false);
  const readmitted = load.sent.length;
  await answered(load, 300);
  expect(load.sent.slice(readmitted).some(({ slot }) => slot === "green")).toBe(true);

  const before = await traffic.state();
  await traffic.renew(program);
  await answered(load, 300);
  const after = await traffic.state();
  expect(after.pid).not.toBe(before.pid);
  expect(after).toMatchObject({ weights: before.weights, epoch: before.epoch });
  await load.stop();
  expect(load.sent.filter(({ lost }) => lost !== null)).toEqual([]);
  await expectEachOrderOnce(load);

  // Without its front, a slot goes on; the next front finds it.
  const slots = await Promise.all((["blue", "green"] as const).map(pidOf));
  process.kill(after.pid, "SIGKILL");
  await once(front, "exit");
  const startMs = performance.now();
  await startFront();
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(await Promise.all((["blue", "green"] as const).map(pidOf))).toEqual(slots);
  expect((await fetch(url)).status).toBe(200);
  expect(await traffic.state()).toMatchObject({ weights: before.weights, epoch: before.epoch });

  front.kill("SIGTERM");
  expect((await once(front, "exit"))[0]).toBe(0);
  expect(await Promise.all((["blue", "green"] as const).map((slot) => readProcess(dataDir, slot)))).toEqual([
    undefined,
    undefined,
  ]);
}, 120_000);
