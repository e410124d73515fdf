import { cpus } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import { defineCheck, demand } from "../check.ts";

const limitPercent = 60;
const sampleMs = 1_000;

const times = () =>
  cpus().reduce(
    (sum, { times: { idle, ...busy } }) => ({
      idle: sum.idle + idle,
      busy: sum.busy + Object.values(busy).reduce((a, b) => a + b, 0),
    }),
    { idle: 0, busy: 0 },
  );

export const cpu = defineCheck({
  id: "cpu",
  number: 6,
  group: "system",
  name: "Processor",
  asks: "The processors of this machine are less than 60 % busy.",
  validForMs: 300_000,
  run: async () => {
    const before = times();
    await sleep(sampleMs);
    const after = times();
    const [busy, idle] = [after.busy - before.busy, after.idle - before.idle];
    const percent = Math.round((100 * busy) / Math.max(busy + idle, 1));
    return demand(
      percent < limitPercent,
      `The processors were ${percent} % busy for a second.`,
      "Release at a time with less load, or stop what else runs on this machine.",
    );
  },
});
