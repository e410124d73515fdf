import { median, printTable, thousands } from "../figures.ts";
import { type App, startApp, type Watcher, watchers } from "./app.ts";
import { keepOn, keepOnAny } from "./processors.ts";
import { saturate } from "./saturate.ts";

const generations = 16;
const comparisons = 3;
const warmUpMs = 700;
const roundMs = 100;

/** In the order in which a process runs them. */
const cases: { what: string; path: string; collectsBefore?: boolean }[] = [
  { what: "nothing but an answer", path: "/things/17" },
  { what: "a list of 20, hashed for its ETag", path: "/things" },
  // As in every process that has run for a while.
  { what: "nothing but an answer, after garbage collections", path: "/things/17", collectsBefore: true },
];

/** A monitored app compared with an unmonitored one. */
interface Comparison {
  perSecond: number;
  /** Share of the throughput without monitoring. */
  share: number;
  /** Additional CPU time per request. */
  moreMicroseconds: number;
}

/**
 * Throughput of a small Fastify app at full load, without monitoring and with each library.
 *
 * Processes of the same program differ by up to a tenth because of their memory layout, and the machine changes from
 * second to second: hence many processes and short rounds.
 */
export const benchThroughput = async (databaseUrl: string): Promise<void> => {
  const found = cases.map(() => new Map<Watcher, Comparison[]>(watchers.map((w) => [w, []])));
  for (let generation = 1; generation <= generations; generation++) {
    console.error(`throughput, ${generation} of ${generations} ...`);
    keepOn(1);
    const bare = await startApp("nobody", databaseUrl);
    const watched = await Promise.all(watchers.map((watcher) => startApp(watcher, databaseUrl)));
    for (const app of [bare, ...watched]) keepOn(0, app.pid);
    for (const [at, { path, collectsBefore }] of cases.entries()) {
      for (const app of [bare, ...watched]) {
        if (collectsBefore) await app.collectGarbage();
        await saturate(app.port, path, warmUpMs);
      }
      for (let n = 0; n < comparisons; n++) {
        for (const [nth, app] of watched.entries()) {
          const comparison = await compare(bare, app, path);
          found[at]?.get(watchers[nth] ?? "earlybird")?.push(comparison);
        }
      }
    }
    for (const app of [bare, ...watched]) await app.stop();
    keepOnAny();
  }
  console.log("\n## Throughput of a small Fastify app\n");
  console.log(
    `Medians of ${comparisons} comparisons in each of ${generations} times five processes: ${roundMs / 1_000} s without, twice with, once without; 32 connections.\n`,
  );
  printTable(
    ["what it does", "watched by", "requests a second", "of the app without", "processor time for a request"],
    cases.flatMap(({ what }, at) =>
      watchers.map((watcher) => row(what, watcher, found[at]?.get(watcher) ?? [])),
    ),
  );
};

const row = (what: string, watcher: Watcher, comparisons: readonly Comparison[]): string[] => [
  what,
  watcher,
  thousands(Math.round(median(comparisons.map(({ perSecond }) => perSecond)))),
  median(comparisons.map(({ share }) => share)).toFixed(3),
  `+ ${median(comparisons.map(({ moreMicroseconds }) => moreMicroseconds)).toFixed(2)} µs`,
];

/** Alternates both apps, so that both see the same machine. */
const compare = async (bare: App, watched: App, path: string): Promise<Comparison> => {
  const before = await measure(bare, path);
  const withIt = mean(await measure(watched, path), await measure(watched, path));
  const without = mean(before, await measure(bare, path));
  return {
    perSecond: withIt.perSecond,
    share: withIt.perSecond / without.perSecond,
    moreMicroseconds: withIt.microseconds - without.microseconds,
  };
};

interface Measured {
  perSecond: number;
  /** CPU time of the server process per request. */
  microseconds: number;
}

const mean = (one: Measured, other: Measured): Measured => ({
  perSecond: (one.perSecond + other.perSecond) / 2,
  microseconds: (one.microseconds + other.microseconds) / 2,
});

const measure = async ({ port, cpuMicroseconds }: App, path: string): Promise<Measured> => {
  const [cpuBefore, startMs] = [await cpuMicroseconds(), performance.now()];
  const answers = await saturate(port, path, roundMs);
  const elapsedMs = performance.now() - startMs;
  return {
    perSecond: (answers * 1_000) / elapsedMs,
    microseconds: ((await cpuMicroseconds()) - cpuBefore) / answers,
  };
};
