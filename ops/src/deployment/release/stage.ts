import type { CommandEntry } from "./replay.ts";
import type { ForwardState } from "./state.ts";

/**
 * A part of a release that happens or is taken back. Both ways are idempotent: after a crash, an act that had begun is
 * repeated.
 */
export interface Act {
  /** Unique within the release, such as `step 25` or `traffic 10 %`. */
  name: string;
  /** Resolves with a sentence of evidence. The signal aborts when a person reverts the release meanwhile. */
  do: (signal: AbortSignal) => Promise<string>;
  /** Takes back what `do` did, or began to do. Absent if there is nothing to take back. */
  undo?: () => Promise<string>;
}

/** What a gate decides. `wait` asks again at the next look. */
export type GateVerdict =
  | { verdict: "pass" }
  | { verdict: "wait" }
  | { verdict: "hold" | "revert"; reason: string };

/** What a gate may look at. */
export interface Look {
  /** When the release entered the state. */
  since: Date;
  commands: readonly CommandEntry[];
  /** The release is held: the gate may look, and must not move anything. */
  held?: boolean;
  /** Aborts when a person reverts the release meanwhile: the gate ends, and moves nothing from then on. */
  signal?: AbortSignal;
}

/** One forward state: its acts, and what has to be true before the next state begins. */
export interface Stage {
  state: ForwardState;
  acts: readonly Act[];
  /** Asked every `lookEveryMs`, also while the release is held: only `revert` counts then. Absent: passes at once. */
  gate?: (look: Look) => Promise<GateVerdict>;
}

/** The name of the act that moves a share of the clients to the new version. */
export const movementTo = (percent: number): string => `traffic ${percent} %`;
export const isMovement = (act: string): boolean => /^traffic \d+ %$/.test(act);
