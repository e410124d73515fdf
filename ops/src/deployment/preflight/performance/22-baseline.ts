import { defineCheck, go, unknown } from "../check.ts";
import { notMonitored, onDatabase } from "../database.ts";
import { countRequests } from "./requests.ts";

const fewestRequests = 1_000;

export const baseline = defineCheck({
  id: "baseline",
  number: 22,
  group: "performance",
  name: "Baseline",
  asks: "The version in production answered at least 1,000 requests in the last hour, to compare the new one with.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const counted = await countRequests(db, "1 hour");
      if (!counted) return notMonitored();
      const evidence = `${counted.requests} requests in the last hour.`;
      return counted.requests >= fewestRequests
        ? go(evidence)
        : unknown(
            evidence,
            "Release at a time with more requests, or without phases: --strategy blue-green.",
          );
    }),
});
