import { printTable } from "../figures.ts";

/** A figure beside its goal. */
export interface Goal {
  what: string;
  measured: string;
  goal: string;
  /** Undefined if another benchmark measures it. */
  isMet?: boolean;
}

export const printGoals = (goals: readonly Goal[]): void =>
  printTable(
    ["what", "measured", "goal", "met"],
    goals.map(({ what, measured, goal, isMet }) => [
      what,
      measured,
      goal,
      isMet === undefined ? "" : isMet ? "yes" : "no",
    ]),
  );
