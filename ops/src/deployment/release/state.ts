import { z } from "zod";

/** The states of a release that goes well, in order. */
export const forwardStates = [
  "planned",
  "preflight",
  "backing_up",
  "rehearsing",
  "expanding",
  "starting",
  "warming",
  "phase_1",
  "phase_10",
  "phase_50",
  "switched",
  "watching",
  "contracting",
  "completed",
] as const;
export type ForwardState = (typeof forwardStates)[number];

export const releaseStateSchema = z.enum([...forwardStates, "held", "reverting", "reverted", "stuck"]);
export type ReleaseState = z.infer<typeof releaseStateSchema>;

/** `canary` moves clients in three phases; `blue-green` moves all of them at once. */
export const strategySchema = z.enum(["canary", "blue-green"]);
export type Strategy = z.infer<typeof strategySchema>;

/** The share of clients of the new slot in each phase, in percent. */
export const phaseWeights = { phase_1: 1, phase_10: 10, phase_50: 50 } as const;
export type Phase = keyof typeof phaseWeights;

export const isPhase = (state: ReleaseState): state is Phase => Object.hasOwn(phaseWeights, state);

/** The states that a release with this strategy passes. */
export const statesOf = (strategy: Strategy): ForwardState[] =>
  strategy === "canary" ? [...forwardStates] : forwardStates.filter((state) => !isPhase(state));

/** Whether nothing happens any more by itself. A completed release can still be reverted. */
export const isOver = (state: ReleaseState): boolean => state === "completed" || state === "reverted";

/** What people can tell a release to do, and the states in which it does. */
const allowedStates = {
  hold: forwardStates.filter((state) => state !== "completed"),
  advance: ["held"],
  revert: [...forwardStates, "held", "stuck"],
  accept: ["watching", "held"],
  ack: [...forwardStates.filter((state) => state !== "completed"), "held"],
} as const satisfies Record<string, readonly ReleaseState[]>;

export const commandNameSchema = z.enum(["hold", "advance", "revert", "accept", "ack"]);
export type CommandName = z.infer<typeof commandNameSchema>;

export const isAllowed = (command: CommandName, state: ReleaseState): boolean =>
  (allowedStates[command] as readonly ReleaseState[]).includes(state);
