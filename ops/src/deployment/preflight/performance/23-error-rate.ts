import { defineCheck, demand, unknown } from "../check.ts";
import { notMonitored, onDatabase } from "../database.ts";
import { countRequests } from "./requests.ts";

const greatestPercent = 1;

export const errorRate = defineCheck({
  id: "error-rate",
  number: 23,
  group: "performance",
  name: "Error rate",
  asks: "At most 1 % of the requests of the last 24 hours failed.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const counted = await countRequests(db, "24 hours");
      if (!counted) return notMonitored();
      const { requests, errors } = counted;
      if (requests === 0)
        return unknown("There were no requests in 24 hours.", "Check again when the service is used.");
      const percent = (100 * errors) / requests;
      return demand(
        percent <= greatestPercent,
        `${errors} of ${requests} requests failed (${percent.toFixed(2)} %).`,
        "Correct the errors first; the console lists them by route.",
      );
    }),
});
