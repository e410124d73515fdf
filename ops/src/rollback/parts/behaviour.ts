import type { Part } from "../change/change.ts";
import { inertPart } from "./inert-part.ts";

/**
 * A way the service behaves, on while the change is applied. The service asks `active.has(name)`; nothing is
 * stored but the state of the step.
 */
export const behaviour = (name: string): Part => ({
  ...inertPart,
  kind: "behaviour",
  describe: {
    rollback: `Switches \`${name}\` off: every instance behaves as before the change within 100 ms, without a restart.`,
    reapply: "Switches it on again within 100 ms.",
  },
  behaviours: [name],
});
