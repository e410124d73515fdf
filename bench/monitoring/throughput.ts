import { median, printTable, thousands } from "../figures.ts";
import { type App, startApp, type Watcher, watchers } from "./app.ts";
import { saturate } from "./saturate.ts";

const generations = 2;
const rounds = 20;
const warmUpMs = 1_500;
const roundMs = 300;

/** What one app did in one round. */
interface Round {
  perSecond: number;
  /** Processor time of the server's process for one request. */
  microseconds: number;
}

/** A small Fastify app as fast as it can, watched by nobody and by one watcher or another, taking turns. */
export const benchThroughput = async (databaseUrl: string): Promise<void> => {
  const measured = new Map<Watcher, Round[]>(watchers.map((watcher) => [watcher, []]));
  for (let generation = 1; generation <= generations; generation++) {
    console.error(`throughput, ${generation} of ${generations} ...`);
    const apps: [Watcher, App][] = [];
    for (const watcher of watchers) apps.push([watcher, await startApp(watcher, databaseUrl)]);
    for (const [, { port }] of apps) await saturate(port, path, warmUpMs);
    for (let n = 0; n < rounds; n++) {
      // Each takes each place, forwards and backwards: what comes before or after is nobody's advantage.
      const inTurn = [...apps.slice(n % apps.length), ...apps.slice(0, n % apps.length)];
      if (n % 2 === 1) inTurn.reverse();
      for (const [watcher, app] of inTurn) measured.get(watcher)?.push(await measure(app));
    }
    for (const [, app] of apps) await app.stop();
  }
  const bare = measured.get("nobody") ?? [];
  console.log("\n## Throughput of a small Fastify app\n");
  console.log(
    `Medians of ${generations * rounds} rounds of ${roundMs / 1_000} s, in which the apps take turns; 32 connections. Ratios are medians of those within a round.\n`,
  );
  printTable(
    ["watched by", "requests a second", "of the app without", "CPU a request", "more than without"],
    watchers.map((watcher) => {
      const own = measured.get(watcher) ?? [];
      const cpu = median(own.map(({ microseconds }) => microseconds));
      const more = median(own.map(({ microseconds }, n) => microseconds - (bare[n]?.microseconds ?? 0)));
      return [
        watcher,
        thousands(Math.round(median(own.map(({ perSecond }) => perSecond)))),
        median(own.map(({ perSecond }, n) => perSecond / (bare[n]?.perSecond ?? 0))).toFixed(3),
        `${cpu.toFixed(2)} µs`,
        `${more.toFixed(2)} µs`,
      ];
    }),
  );
};

const path = "/things/17";

const measure = async ({ port, cpuMicroseconds }: App): Promise<Round> => {
  const [cpuBefore, startMs] = [await cpuMicroseconds(), performance.now()];
  const answers = await saturate(port, path, roundMs);
  const elapsedMs = performance.now() - startMs;
  return {
    perSecond: (answers * 1_000) / elapsedMs,
    microseconds: ((await cpuMicroseconds()) - cpuBefore) / answers,
  };
};
