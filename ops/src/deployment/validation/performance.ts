import { fail, success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { memoryCheck } from "./memory.ts";

type Performance = Pick<ValidationContext, "harm" | "lastWeek" | "memory" | "validationMs">;

/** Slower than this against the same hour of last week, a person decides: other things change in a week, too. */
const acceptedFactor = 1.25;
const acceptedMs = 10;

/** The first hours: against the clients that stayed with the old version, against last week, and for memory. */
export const performanceChecks = (context: Performance): ValidationCheck[] => [
  {
    name: "control",
    run: async () => {
      const found = await context.harm();
      if (found.verdict === "revert") return fail(found.reason);
      if (found.verdict === "hold") return unknown(found.reason);
      return found.verdict === "pass"
        ? success("Clients of the new version fare no worse than those of the old one at the same time.")
        : unknown("There are no clients of both versions to compare.");
    },
  },
  {
    name: "last week",
    run: async ({ since }) => {
      const found = await context.lastWeek(since);
      if (!found) return unknown("There is no full hour since the switch with the same hour of last week.");
      const { now, before } = found;
      const evidence = `The p95 of the last full hour is ${now} ms; a week before it was ${before} ms.`;
      return now <= before * acceptedFactor + acceptedMs ? success(evidence) : unknown(evidence);
    },
  },
  memoryCheck(context, {
    from: ({ phaseSince }) => phaseSince,
    // A process that has just started grows.
    fewestMs: (context.validationMs[1] ?? 0) / 2,
  }),
];
