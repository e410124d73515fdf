import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ms, printTable, thousands } from "../figures.ts";
import { type App, startApp } from "./app.ts";
import { askSteadily, type Steadily } from "./steady.ts";

const loadPerSecond = 500;
const probesPerSecond = 50;
const probeMs = 4_000;
const leadMs = 1_000;
const rounds = 4;

/** Routes that consoles and probes request, with the limit of their 99th percentile in milliseconds. */
const limitsMs: Record<string, number> = {
  "/api/health": 2,
  "/api/health/metrics": 10,
  "/api/health/detailed": 10,
  "/api/health/diagnostics": 20,
  "/metrics": 10,
  "/api/alerts/summary": 5,
  "/api/alerts/history": 10,
};

const things = Array.from({ length: 200 }, (_, n) => `/things/${n}/17`);

/** Response times of the platform's routes under load, with many endpoints and many alerts. */
export const benchRoutes = async (databaseUrl: string): Promise<void> => {
  const app = await startApp("earlybird", databaseUrl, { alerts: 1_000 });
  const bare = await startApp("nobody", databaseUrl);
  // All endpoints have had requests, the alerts have been sent, and a check has run since.
  for (const { port } of [bare, app]) {
    await askSteadily(port, { paths: things, perSecond: loadPerSecond, durationMs: 15_000 });
  }
  await sleep(5_500);
  // The lower bound on this machine: a response of a few bytes without monitoring.
  const reference = { app: bare, path: "/things/17", what: "nothing, not watched", limit: "" };
  const routes = Object.entries(limitsMs).map(([path, limitMs]) => ({
    app,
    path,
    what: `GET ${path}`,
    limit: ms(limitMs),
  }));
  const rows = [reference, ...routes].map((row) => ({ ...row, latencies: [] as number[] }));
  // The first round is a warm-up and is not counted.
  for (let round = 0; round <= rounds; round++) {
    console.error(`the platform's own routes, ${round} of ${rounds} ...`);
    for (const { app, path, latencies } of rows) {
      const found = await probe(app, path);
      if (round > 0) latencies.push(...found);
    }
  }
  for (const each of [bare, app]) await each.stop();
  console.log("\n## The platform's own routes\n");
  console.log(
    `200 endpoints, 1,000 alerts; ${probesPerSecond} requests a second beside ${thousands(loadPerSecond)} a second to the others, ${rounds} times ${probeMs / 1_000} s for each row, in turns, after a first time that is not counted.\n`,
  );
  printTable(
    ["what is asked for", "p50", "p99", "must be under"],
    rows.map(({ what, latencies, limit }) => {
      latencies.sort((a, b) => a - b);
      const at = (share: number) => latencies[Math.ceil(latencies.length * share) - 1] ?? Number.NaN;
      return [what, ms(at(0.5)), ms(at(0.99)), limit];
    }),
  );
};

/** Response times in milliseconds. */
const probe = async ({ port }: App, path: string): Promise<number[]> => {
  const load = askBeside(port, {
    paths: things,
    perSecond: loadPerSecond,
    durationMs: probeMs + 2 * leadMs,
  });
  await sleep(leadMs);
  const latencies = await askSteadily(port, {
    paths: [path],
    perSecond: probesPerSecond,
    durationMs: probeMs,
  });
  await load;
  return latencies;
};

/** In a separate process: the probes must not wait for the responses to the load. */
const askBeside = async (port: number, load: Steadily): Promise<void> => {
  const program = fileURLToPath(new URL("./steady-program.ts", import.meta.url));
  await once(fork(program, [String(port), JSON.stringify(load)]), "exit");
};
