import { setTimeout as sleep } from "node:timers/promises";
import { median, printTable } from "../figures.ts";
import { type App, startApp } from "./app.ts";
import { keepOn, keepOnAny } from "./processors.ts";
import { askSteadily } from "./steady.ts";

const idleMs = 15_000;
/** The interval between checks. */
const loadMs = 5_000;
const rounds = 9;
const perSecond = 1_000;

/** CPU time of a monitored app compared with an unmonitored one, idle and under a steady load. */
export const benchCpu = async (databaseUrl: string): Promise<void> => {
  console.error("processor time ...");
  keepOn(1);
  const [bare, watched] = [await startApp("nobody", databaseUrl), await startApp("earlybird", databaseUrl)];
  for (const { port, pid } of [bare, watched]) {
    keepOn(0, pid);
    await askSteadily(port, { ...load, durationMs: 3_000 });
  }
  const [bareIdle = 0, watchedIdle = 0] = await Promise.all(
    [bare, watched].map((app) => percentDuring(app, () => sleep(idleMs))),
  );
  const busy = { bare: [] as number[], watched: [] as number[] };
  for (let n = 0; n < rounds; n++) {
    busy.bare.push(await percentDuring(bare, () => askSteadily(bare.port, load)));
    busy.watched.push(await percentDuring(watched, () => askSteadily(watched.port, load)));
  }
  for (const app of [bare, watched]) await app.stop();
  keepOnAny();
  const row = (what: string, without: readonly number[], withIt: readonly number[], limit: number) => [
    what,
    percent(median(without)),
    percent(median(withIt)),
    percent(median(withIt.map((share, n) => share - (without[n] ?? Number.NaN)))),
    percent(limit),
  ];
  console.log("\n## Processor time of all monitoring\n");
  console.log(
    `Percent of one processor, of the whole process, over ${idleMs / 1_000} s at rest; medians of ${rounds} times ${loadMs / 1_000} s under load, in turns.\n`,
  );
  printTable(
    ["", "without", "watched", "difference", "must be under"],
    [
      row("at rest", [bareIdle], [watchedIdle], 1),
      row("at 1,000 requests a second", busy.bare, busy.watched, 2),
    ],
  );
};

const load = { paths: ["/things/17"], perSecond, durationMs: loadMs };

const percentDuring = async (app: App, work: () => Promise<unknown>): Promise<number> => {
  const [before, startMs] = [await app.cpuMicroseconds(), performance.now()];
  await work();
  return ((await app.cpuMicroseconds()) - before) / (10 * (performance.now() - startMs));
};

const percent = (value: number): string => `${value.toFixed(2)} %`;
