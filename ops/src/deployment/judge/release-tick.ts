import type { SlotCounts } from "../traffic/counts.ts";

/** Roles in a release, whatever the slots: `blue` is the version in production, `green` is the new one. */
export type Role = "blue" | "green";

/** Counts of about five seconds, by role. A tick ends early when a weight changes, so that one tick has one weight. */
export interface ReleaseTick {
  /** Increases with each tick, also after a restart of the counter or a change of the clock. */
  sequence: number;
  /** Milliseconds since the epoch. */
  from: number;
  to: number;
  /** Share of clients that were routed to green, in percent. */
  green_percent: number;
  blue: SlotCounts;
  green: SlotCounts;
}
