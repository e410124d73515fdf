import type { Patience } from "./evaluate.ts";

/** For what often peaks for a moment, and is wrong only when it lasts. */
export const forTwoMinutes: Patience = {
  failuresToFire: 2,
  forMs: 120_000,
  successesToResolve: 2,
  keepFiringForMs: 30_000,
  endsUnknownAfterMs: null,
};
