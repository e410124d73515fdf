import type { Patience } from "./evaluate.ts";

/** For values that often peak for a moment. */
export const forTwoMinutes: Patience = {
  failuresToFire: 2,
  forMs: 120_000,
  successesToResolve: 2,
  keepFiringForMs: 30_000,
  endsUnknownAfterMs: null,
};
