import { totalmem } from "node:os";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";
import { gaugePeak, noGauge } from "../gauges.ts";
import { bytes } from "../words.ts";

const timesMemory = 1.3;

/** The limit of the control group, else of the machine. Without a limit, Node reports 0 or more than the machine has. */
const memoryLimit = (): number => Math.min(process.constrainedMemory() || totalmem(), totalmem());

export const memory = defineCheck({
  id: "memory",
  number: 5,
  group: "system",
  name: "Memory",
  asks: "The memory limit is at least 1.3 times the memory of the version in production.",
  run: (context) =>
    onDatabase(context, async (db) => {
      const used = await gaugePeak(db, "memory_bytes", "24 hours");
      if (used === null) return noGauge("memory");
      return demand(
        memoryLimit() >= timesMemory * used,
        `The limit is ${bytes(memoryLimit())}; an instance used up to ${bytes(used)} in 24 hours.`,
        `Raise the memory limit to ${bytes(timesMemory * used)}.`,
      );
    }),
});
