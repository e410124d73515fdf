import { fail, success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { blame } from "./vital.ts";

type Alive = Pick<ValidationContext, "smoke" | "stepFaults" | "lost">;

/** The first minutes: the journeys work, and no request was lost at the switch. */
export const aliveChecks = (context: Alive): ValidationCheck[] => [
  journeys(context),
  {
    name: "lost requests",
    run: async () => {
      const lost = await context.lost();
      if (lost === null) return unknown("Nothing counts the requests that got no response.");
      return lost === 0
        ? success("Every request since the switch got a response.")
        : fail(`${lost} requests since the switch got no response.`);
    },
  },
];

/** The journeys of all roles; once a minute is enough. */
export const journeys = (context: Pick<Alive, "smoke" | "stepFaults">): ValidationCheck => ({
  name: "journeys",
  repeatAfterMs: { SUCCESS: 60_000 },
  run: async () => {
    const { ok, evidence } = await context.smoke();
    return ok ? success(evidence) : blame(context, evidence);
  },
});
