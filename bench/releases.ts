import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import pg from "pg";
import { Agent } from "undici";
import { FrontSwitch, readProcess, writeLaunch } from "../ops/src/deployment/index.ts";
import { startLoad } from "../test/deployment/load.ts";
import { freePort } from "../test/support/free-port.ts";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";
import { startThrowawayPostgres } from "../test/support/throwaway.ts";
import { median, ms, printTable, ratio, thousands } from "./figures.ts";
import { root } from "./running-service.ts";

const requests = 20_000;
const phases = [0, 100, 1_000, 5_000, 10_000];
const rounds = 7;
const roundMs = 2_000;
const quickRequests = 1_000;
const bundle = `${root}node_modules/.cache/earlybird-bench-front.mjs`;
const program = { command: process.execPath, args: [bundle], cwd: root };

interface Service {
  url: string;
  dataDir: string;
  stop: () => Promise<void>;
}

/** Requests lost in a release and its revert, and the cost of the front. */
export const releasesBench = async (): Promise<void> => {
  await build({
    entryPoints: [`${root}test/deployment/program.ts`],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  const postgres = await startThrowawayPostgres();
  const database = new pg.Pool({ connectionString: postgres.url });
  await database.query("create table orders (key text primary key, executed int not null default 0)");
  const front = await start(postgres.url, []);
  const direct = await start(postgres.url, ["--direct"]);
  try {
    await benchRelease(front, database);
    await benchCost(front.url, direct.url);
  } finally {
    await Promise.all([front.stop(), direct.stop()]);
    await database.end();
    await postgres.remove();
    await rm(bundle, { force: true });
  }
};

const start = async (databaseUrl: string, args: readonly string[]): Promise<Service> => {
  const dataDir = await makeTemporaryDirectory();
  const port = await freePort();
  const env = { ...process.env, DATA_DIR: dataDir, PORT: String(port), DATABASE: databaseUrl };
  const child = spawn(process.execPath, [bundle, ...args], {
    env,
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  await once(child.stdout as NonNullable<ChildProcess["stdout"]>, "data");
  const stop = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, dataDir, stop };
};

const benchRelease = async ({ url, dataDir }: Service, database: pg.Pool): Promise<void> => {
  const traffic = new FrontSwitch(dataDir, "bench");
  await writeLaunch(dataDir, "green", program);
  while (!(await readProcess(dataDir, "green"))?.ready) await sleep(50);
  const load = startLoad(url, { connections: 16 });
  let epoch = 0;
  const each = requests / (phases.length + 1);
  for (const green of phases) {
    await traffic.set({ blue: 10_000 - green, green }, ++epoch);
    const wanted = load.sent.length + each;
    while (load.sent.length < wanted) await sleep(20);
  }
  const revertMs = performance.now();
  await traffic.set({ blue: 10_000, green: 0 }, ++epoch);
  const switchedMs = performance.now() - revertMs;
  while (load.sent.length < requests) await sleep(20);
  await load.stop();
  const { rows } = await database.query("select count(*)::int as orders from orders where executed = 1");
  console.log("\n## A release and its revert\n");
  console.log(
    `${phases.map((green) => `${green / 100} %`).join(", ")}, 0 %, under load from 16 connections.\n`,
  );
  printTable(
    ["requests", "lost", "orders sent", "executed once", "weights switched back in"],
    [
      [
        load.sent,
        load.sent.filter(({ lost }) => lost !== null),
        load.sent.filter(({ kind }) => kind === "order"),
      ]
        .map(({ length }) => length)
        .concat(rows[0].orders)
        .map(thousands)
        .concat(ms(switchedMs)),
    ],
  );
};

const benchCost = async (front: string, direct: string): Promise<void> => {
  const perSecond = { front: [] as number[], direct: [] as number[] };
  const medians = { front: [] as number[], direct: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    for (const [name, url] of [
      ["front", front],
      ["direct", direct],
    ] as const) {
      perSecond[name].push(await throughput(url));
      medians[name].push(await latency(url));
    }
  }
  const [fronted, bare] = [median(perSecond.front), median(perSecond.direct)];
  const [frontedMs, bareMs] = [median(medians.front), median(medians.direct)];
  console.log("\n## The cost of the front\n");
  console.log(
    `Medians of ${rounds} interleaved rounds: 1 ms of CPU a request at 16 connections; p50 of one connection.\n`,
  );
  printTable(
    ["", "requests/s", "ratio", "p50", "more"],
    [
      ["direct", bare.toFixed(0), "", ms(bareMs), ""],
      ["front and slot", fronted.toFixed(0), ratio(fronted, bare), ms(frontedMs), ms(frontedMs - bareMs)],
    ],
  );
};

const throughput = async (url: string): Promise<number> => {
  const agent = new Agent({ connections: 16, pipelining: 1 });
  const endMs = performance.now() + roundMs;
  let answered = 0;
  const loop = async () => {
    while (performance.now() < endMs) {
      const { body } = await agent.request({ origin: url, path: "/", method: "GET" });
      await body.dump();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: 16 }, loop));
  await agent.close();
  return answered / (roundMs / 1_000);
};

const latency = async (url: string): Promise<number> => {
  const agent = new Agent({ connections: 1, pipelining: 1 });
  const latenciesMs: number[] = [];
  for (let n = 0; n < quickRequests; n++) {
    const startedMs = performance.now();
    const { body } = await agent.request({ origin: url, path: "/quick", method: "GET" });
    await body.dump();
    latenciesMs.push(performance.now() - startedMs);
  }
  await agent.close();
  return median(latenciesMs);
};
