import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";
import { gaugePeak, noGauge } from "../gauges.ts";

const greatestMs = 200;

export const eventLoop = defineCheck({
  id: "event-loop",
  number: 26,
  group: "performance",
  name: "Event loop",
  asks: "The p99 of the event loop's delay stayed below 200 ms in the last hour.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const peak = await gaugePeak(db, "event_loop_p99_ms", "1 hour");
      if (peak === null) return noGauge("event loop");
      return demand(
        peak < greatestMs,
        `At most ${Math.round(peak)} ms.`,
        "Find out what blocks the event loop.",
      );
    }),
});
