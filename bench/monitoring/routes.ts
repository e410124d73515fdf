import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ms, printTable, thousands } from "../figures.ts";
import { startApp } from "./app.ts";
import { askSteadily, type Steadily } from "./steady.ts";

const loadPerSecond = 500;
const probesPerSecond = 50;
const probeMs = 12_000;
const leadMs = 2_000;

/** What an operator's browser and a probe ask for, and under how many milliseconds 99 % must stay. */
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

/** How quickly the platform's own routes answer beside a load, with many endpoints and many alerts. */
export const benchRoutes = async (databaseUrl: string): Promise<void> => {
  console.error("the platform's own routes ...");
  const app = await startApp("earlybird", databaseUrl, { alerts: 1_000 });
  // All endpoints have had requests, the alerts have been told, and a check has been made since.
  await askSteadily(app.port, { paths: things, perSecond: loadPerSecond, durationMs: 15_000 });
  await sleep(5_500);
  const rows: string[][] = [];
  for (const [path, limitMs] of Object.entries(limitsMs)) {
    const durationMs = probeMs + 2 * leadMs;
    const load = askBeside(app.port, { paths: things, perSecond: loadPerSecond, durationMs });
    await sleep(leadMs);
    const probes = await askSteadily(app.port, {
      paths: [path],
      perSecond: probesPerSecond,
      durationMs: probeMs,
    });
    await load;
    const at = (share: number) => probes[Math.ceil(probes.length * share) - 1] ?? Number.NaN;
    rows.push([`GET ${path}`, ms(at(0.5)), ms(at(0.99)), ms(limitMs)]);
  }
  await app.stop();
  console.log("\n## The platform's own routes\n");
  console.log(
    `200 endpoints, 1,000 alerts; ${probesPerSecond} requests a second beside ${thousands(loadPerSecond)} a second to the others, ${probeMs / 1_000} s for each row.\n`,
  );
  printTable(["route", "p50", "p99", "must be under"], rows);
};

/** In a process of its own: the probes must not wait for the load's answers. */
const askBeside = async (port: number, load: Steadily): Promise<void> => {
  const program = fileURLToPath(new URL("./steady-program.ts", import.meta.url));
  await once(fork(program, [String(port), JSON.stringify(load)]), "exit");
};
