import type { Part } from "../change/change.ts";

/** A part that does nothing; each kind of part says what it does beyond that. */
export const inertPart = {
  locks: [],
  writes: [],
  journals: [],
  behaviours: [],
  apply: async () => undefined,
  swap: async () => undefined,
  settle: async () => [],
  count: async () => [],
  estimate: async () => 0,
  findings: async () => [],
  check: async () => [],
} satisfies Partial<Part>;
