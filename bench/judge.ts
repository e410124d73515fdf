import { calmTraffic, simulateRevert, type Traffic } from "../test/support/simulated-release.ts";
import { median, printTable, thousands } from "./figures.ts";

const hours = 300;
const runs = 101;

const calm: readonly (readonly [string, Partial<Traffic>])[] = [
  ["equal clients", {}],
  ["unequal clients", { heterogeneous: true }],
  ["up to ten retries", { retries: 10 }],
  ["unequal clients, ten retries", { heterogeneous: true, retries: 10 }],
  [
    "the same, 1 % failing in both slots",
    { heterogeneous: true, retries: 10, failing: { blue: 0.01, green: 0.01 } },
  ],
  ["the same, 200 clients", { heterogeneous: true, retries: 10, clients: 200 }],
];

const harmful: readonly (readonly [string, Partial<Traffic>])[] = [
  ["5 % fail", { failing: { blue: 0.002, green: 0.05 } }],
  ["2 % fail", { failing: { blue: 0.002, green: 0.02 } }],
  ["1 % fails", { failing: { blue: 0.002, green: 0.01 } }],
  ["twice as slow", { slowdown: 2 }],
  [
    "5 % fail, unequal clients, ten retries",
    { heterogeneous: true, retries: 10, failing: { blue: 0.002, green: 0.05 } },
  ],
];

/** Simulates releases: false alarms in hours without harm, and the time until harm is found. */
export const judgeBench = async (): Promise<void> => {
  console.log("\n## The judge of a release\n");
  printTable(
    ["without harm", "hours of 720 looks", "reverted"],
    calm.map(([name, traffic]) => {
      const alarms = Array.from({ length: hours }, (_, seed) =>
        simulateRevert({ ...calmTraffic, ...traffic, seed }),
      );
      const count = alarms.filter((alarm) => alarm !== null).length;
      return [name, thousands(hours), `${count} (${((100 * count) / hours).toFixed(2)} %)`];
    }),
  );
  console.log("");
  printTable(
    ["green", "runs", "median", "slowest"],
    harmful.map(([name, traffic]) => {
      const seconds = Array.from(
        { length: runs },
        (_, seed) => simulateRevert({ ...calmTraffic, ...traffic, seed })?.seconds ?? 3_600,
      );
      return [name, String(runs), `${median(seconds)} s`, `${Math.max(...seconds)} s`];
    }),
  );
};
