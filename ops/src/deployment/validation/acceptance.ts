import { journeys } from "./alive.ts";
import { success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";

/** The first day: the journeys of the roles, the figures of the business, and a person who accepts. */
export const acceptanceChecks = (
  context: Pick<ValidationContext, "smoke" | "stepFaults" | "figures">,
): ValidationCheck[] => [
  journeys(context),
  {
    name: "figures",
    repeatAfterMs: { SUCCESS: 60_000 },
    run: async () => {
      const figures = await context.figures();
      return figures === null
        ? unknown("There are no orders and bills of the same weekday to compare.")
        : success(figures);
    },
  },
  {
    name: "acceptance",
    run: async () => unknown('Waits for a person: "earlybird release accept --reason TEXT".'),
  },
];
