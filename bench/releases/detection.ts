import { calmTraffic, simulateRevert } from "../../test/support/simulated-release.ts";
import { median } from "../figures.ts";
import type { Goal } from "./goals.ts";

const runs = 20;
const limitSeconds = 60;

/** How long a version with failures serves clients. `npm run bench -- judge` simulates more kinds of harm. */
export const detectionBench = async (): Promise<Goal[]> => {
  const seconds = Array.from(
    { length: runs },
    (_, seed) =>
      simulateRevert({ ...calmTraffic, failing: { blue: 0.002, green: 0.05 }, seed })?.seconds ?? Infinity,
  );
  const found = median(seconds);
  return [
    {
      what: `detection at 50 requests/s and 10 %: 5 % of green fail, median of ${runs} simulated runs`,
      measured: `${found} s, slowest ${Math.max(...seconds)} s`,
      goal: `< ${limitSeconds} s`,
      isMet: found < limitSeconds,
    },
  ];
};
