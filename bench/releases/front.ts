import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { Agent } from "undici";
import { freePort } from "../../test/support/free-port.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { startThrowawayPostgres } from "../../test/support/throwaway.ts";
import { median, ms, printTable, ratio } from "../figures.ts";
import { root } from "../running-service.ts";
import type { Goal } from "./goals.ts";

const rounds = 9;
const roundMs = 2_000;
const quickRequests = 1_000;
const connections = 16;
const bundle = `${root}node_modules/.cache/earlybird-bench-front.mjs`;
const haproxy = "/usr/sbin/haproxy";
const goals = { front: 0.8, haproxy: 0.95, moreMs: 0.3 };

interface Side {
  url: string;
  stop: () => Promise<void>;
}

/** The cost of the front, and of HAProxy before the same slot, beside a service without either. */
export const frontBench = async (): Promise<Goal[]> => {
  await build({
    entryPoints: [`${root}test/deployment/program.ts`],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  const postgres = await startThrowawayPostgres();
  const front = await startProgram(postgres.url, []);
  const direct = await startProgram(postgres.url, ["--direct"]);
  const proxy = existsSync(haproxy) ? await startHaproxy(front.dataDir) : undefined;
  const sides: Record<string, Side> = { direct, front, ...(proxy && { HAProxy: proxy }) };
  try {
    return await measure(sides);
  } finally {
    await proxy?.stop();
    await Promise.all([front.stop(), direct.stop()]);
    await postgres.remove();
    await rm(bundle, { force: true });
  }
};

const startProgram = async (
  databaseUrl: string,
  args: readonly string[],
): Promise<Side & { dataDir: string }> => {
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
    await end(child);
    await rm(dataDir, { recursive: true, force: true });
  };
  return { url: `http://127.0.0.1:${port}`, dataDir, stop };
};

const startHaproxy = async (dataDir: string): Promise<Side> => {
  const port = await freePort();
  const path = join(dataDir, "haproxy.cfg");
  await writeFile(
    path,
    `defaults
  mode http
  option forwardfor
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server blue unix@${join(dataDir, "slots", "blue.sock")}
`,
  );
  const child = spawn(haproxy, ["-f", path], { stdio: "ignore" });
  const url = `http://127.0.0.1:${port}`;
  while (!(await fetch(`${url}/quick`).catch(() => undefined))?.ok) await sleep(50);
  return { url, stop: () => end(child) };
};

const end = async (child: ChildProcess): Promise<void> => {
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
};

const measure = async (sides: Record<string, Side>): Promise<Goal[]> => {
  const names = Object.keys(sides);
  const perSecond = new Map(names.map((name) => [name, [] as number[]]));
  const medians = new Map(names.map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, { url }] of Object.entries(sides)) {
      perSecond.get(name)?.push(await throughput(url));
      medians.get(name)?.push(await latency(url));
    }
  }
  const of = (values: Map<string, number[]>, name: string) => median(values.get(name) ?? []);
  // Each round beside its own reference: the load of the machine changes between rounds.
  const share = (name: string) =>
    median(
      (perSecond.get(name) ?? []).map((value, round) => value / (perSecond.get("direct")?.[round] ?? 1)),
    );
  const moreMs = (name: string) => of(medians, name) - of(medians, "direct");
  console.log("\n## The cost of the front\n");
  console.log(
    `Medians of ${rounds} interleaved rounds: 1 ms of CPU a request at ${connections} connections; p50 of one connection.\n`,
  );
  printTable(
    ["", "requests/s", "share", "p50", "more"],
    names.map((name) => [
      name,
      of(perSecond, name).toFixed(0),
      ratio(share(name), 1),
      ms(of(medians, name)),
      name === "direct" ? "" : ms(moreMs(name)),
    ]),
  );
  return [
    {
      what: "throughput behind the front beside direct, 1 ms of CPU a request",
      measured: ratio(share("front"), 1),
      goal: `>= ${goals.front}`,
      isMet: share("front") >= goals.front,
    },
    {
      what: "p50 behind the front",
      measured: `${ms(moreMs("front"))} more`,
      goal: `<= ${ms(goals.moreMs)} more`,
      isMet: moreMs("front") <= goals.moreMs,
    },
    {
      what: "throughput behind HAProxy beside direct",
      ...("HAProxy" in sides
        ? { measured: ratio(share("HAProxy"), 1), isMet: share("HAProxy") >= goals.haproxy }
        : { measured: "HAProxy is not installed" }),
      goal: `>= ${goals.haproxy}`,
    },
  ];
};

const throughput = async (url: string): Promise<number> => {
  const agent = new Agent({ connections, pipelining: 1 });
  const endMs = performance.now() + roundMs;
  let answered = 0;
  const loop = async () => {
    while (performance.now() < endMs) {
      const { body } = await agent.request({ origin: url, path: "/", method: "GET" });
      await body.dump();
      answered += 1;
    }
  };
  await Promise.all(Array.from({ length: connections }, loop));
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
