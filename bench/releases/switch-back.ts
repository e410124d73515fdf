import { startLoad } from "../../test/deployment/load.ts";
import { type Production, until, waivers, withoutCopy } from "../../test/deployment/production.ts";
import type { ShopVersion } from "../../test/deployment/shop.ts";
import { median, ms } from "../figures.ts";
import type { Goal } from "./goals.ts";
import { type Load, wallClockMs, withShop } from "./shop.ts";

const rounds = 3;
const limitMs = 1_000;
const requestsOfRound = 400;

/** How long green serves clients after a revert was asked for, and after the judge has decided. */
export const switchBackBench = (): Promise<Goal[]> =>
  withShop({ RELEASE_VALIDATION_MINUTES: "60,120,360,1440,4320" }, async (production) => {
    // A fifth of the clients are drivers, for the version that fails for them.
    const clientOf = (number: number) => `${number % 5 === 0 ? "driver" : "client"}-${number % 997}`;
    const load = startLoad(production.url, { clientOf });
    const byCommand: number[] = [];
    const byVerdict: number[] = [];
    for (let round = 0; round < rounds; round++) {
      byCommand.push(await commandRound(production, load, round));
      byVerdict.push(await verdictRound(production, load, round));
    }
    await load.stop();
    return [
      goalOf("from the command `release revert` to the last response of green", byCommand),
      goalOf("from the judge's verdict to the last response of green", byVerdict),
    ];
  });

const goalOf = (what: string, values: readonly number[]): Goal => ({
  what: `switch back, ${what}, median of ${rounds}`,
  measured: `${ms(median(values))} (${ms(Math.min(...values))} to ${ms(Math.max(...values))})`,
  goal: `< ${ms(limitMs)}`,
  isMet: median(values) < limitMs,
});

const commandRound = async (production: Production, load: Load, round: number): Promise<number> => {
  const version = `2.${round}.0`;
  await switchTo(production, { version, steps: true });
  const from = load.sent.length;
  await until(async () => load.sent.length > from + requestsOfRound, "the load stands still");
  const commandMs = performance.now();
  await production.command("revert");
  await production.reaches("reverted");
  return lastAnswerMs(load, version) - wallClockMs(commandMs);
};

const verdictRound = async (production: Production, load: Load, round: number): Promise<number> => {
  const version = `3.${round}.0`;
  await switchTo(production, { version, steps: true, fault: "fails for drivers" });
  const { events, because } = await production.reaches("reverted");
  if (!because?.includes("clients of green fail")) throw new Error(`it is reverted: ${because}`);
  const verdict = events.find((event) => event.type === "state" && event.state === "reverting");
  if (!verdict) throw new Error("the release has no verdict");
  return lastAnswerMs(load, version) - Date.parse(verdict.at);
};

const switchTo = async (production: Production, version: ShopVersion): Promise<void> => {
  const directory = await production.install(`v${version.version}`, version);
  const waive = [...waivers, ...withoutCopy];
  await production.release(directory, { waive, args: ["--strategy", "blue-green"] });
  if (version.fault === undefined) await production.reaches("watching");
};

const lastAnswerMs = (load: Load, version: string): number => {
  const last = load.sent.findLast(({ slot }) => slot === version);
  if (!last) throw new Error(`version ${version} has answered no request`);
  return wallClockMs(last.endedMs);
};
