import type { Clock } from "../../core/clock.ts";
import { few, span } from "../preflight/words.ts";
import { fail, success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { memoryCheck } from "./memory.ts";
import { morningsWithin } from "./mornings.ts";
import { growthText, trendOf } from "./trend.ts";

const dayMs = 86_400_000;
const minuteMs = 60_000;
const mornings = 2;
const p95Tolerance = { tolerance: 0.5, leastGrowth: 20 };

type Stability = Pick<
  ValidationContext,
  "timeZone" | "validationMs" | "memory" | "p95" | "ledger" | "lastVerifiedBackup"
>;

/** The days after: two mornings, no slow growth, an intact ledger, and a backup of the new state that was restored. */
export const stabilityChecks = (context: Stability, clock: Clock): ValidationCheck[] => [
  morningsCheck(context, clock),
  memoryCheck(context, { from: ({ since }) => wholeDays(since, clock.now()), fewestMs: 0 }),
  {
    name: "latency",
    repeatAfterMs: { SUCCESS: minuteMs },
    run: async ({ since }) => {
      const found = trendOf(await context.p95(wholeDays(since, clock.now())), p95Tolerance);
      if (found.trend === "unknown")
        return unknown(`The p95 has ${found.points} measurements: too few for a trend.`);
      const evidence = `The p95, about ${Math.round(found.median)} ms, changed by ${growthText(found)}.`;
      if (found.trend === "steady") return success(evidence);
      if (found.trend === "rising" && clock.now().getTime() - since.getTime() >= dayMs)
        return fail(`${evidence} It keeps rising.`);
      return unknown(`${evidence} It may be the time of day.`);
    },
  },
  {
    name: "ledger",
    repeatAfterMs: { SUCCESS: minuteMs },
    run: async () => {
      const { ok, entries, faults } = await context.ledger();
      if (!ok) return fail(few(faults, 3));
      return success(
        `The chain of the ledger is intact${entries === undefined ? "" : `: ${entries} entries`}.`,
      );
    },
  },
  {
    name: "backup",
    run: async ({ since }) => {
      const at = await context.lastVerifiedBackup();
      if (!at) return unknown("No backup has been restored.");
      return at > since
        ? success(`A backup was restored and verified at ${at.toISOString()}.`)
        : unknown(`The last verified backup is from before the switch: ${at.toISOString()}.`);
    },
  },
];

const morningsCheck = ({ timeZone, validationMs }: Stability, clock: Clock): ValidationCheck => ({
  name: "mornings",
  run: async ({ since }) => {
    const end = new Date(since.getTime() + (validationMs.at(-1) ?? 0));
    const seen = morningsWithin(since, clock.now(), timeZone).length;
    const evidence = `${seen} of ${mornings} mornings (04:00 to 08:00, ${timeZone}) were watched.`;
    if (seen >= mornings) return success(evidence);
    if (morningsWithin(since, end, timeZone).length >= mornings) return unknown(evidence);
    // The settings are a decision of the operator.
    return clock.now() < end
      ? unknown(evidence)
      : success(
          `${evidence} RELEASE_VALIDATION_MINUTES has no room for more: this is about ${span(end.getTime() - since.getTime())}.`,
        );
  },
});

/** The last whole days of the watch: the traffic of a day rises and falls. Less than a day counts as it is. */
const wholeDays = (since: Date, now: Date): Date => {
  const days = Math.floor((now.getTime() - since.getTime()) / dayMs);
  return days === 0 ? since : new Date(now.getTime() - days * dayMs);
};
