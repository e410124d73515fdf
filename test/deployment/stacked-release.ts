import { existsSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../ops/src/core/clock.ts";
import { Conductor } from "../../ops/src/deployment/release/conductor.ts";
import { Journal } from "../../ops/src/deployment/release/journal.ts";
import type { Act, GateVerdict, Stage } from "../../ops/src/deployment/release/stage.ts";
import type { ForwardState, ReleaseState } from "../../ops/src/deployment/release/state.ts";

/** The acts of each stage. Each makes a file on top of the one before it, as a stack: a wrong order fails. */
const acts: Partial<Record<ForwardState, readonly string[]>> = {
  planned: [],
  expanding: ["a", "b"],
  starting: ["c"],
  phase_10: ["d"],
  switched: ["e"],
  contracting: ["f"],
};
export const allActs = Object.values(acts).flat();

export interface StackedRelease {
  directory: string;
  /** The stage whose gate asks for a revert. */
  failingStage?: string;
  /** Called after each entry of the journal and each effect of an act. */
  onMoment?: () => void;
}

/** Runs a release of acts on files until it is over. */
export const conduct = async ({
  directory,
  failingStage,
  onMoment = () => {},
}: StackedRelease): Promise<ReleaseState> => {
  const pathOf = (name: string) => join(directory, `made-${name}`);
  const actOf = (name: string): Act => {
    const below = allActs[allActs.indexOf(name) - 1];
    const above = allActs[allActs.indexOf(name) + 1];
    return {
      name,
      do: async () => {
        if (below && !existsSync(pathOf(below))) throw new Error(`${name} was done before ${below}`);
        writeFileSync(pathOf(name), name);
        onMoment();
        return `made ${name}`;
      },
      undo: async () => {
        if (above && existsSync(pathOf(above))) throw new Error(`${name} was taken back before ${above}`);
        rmSync(pathOf(name), { force: true });
        onMoment();
        return `removed ${name}`;
      },
    };
  };
  const stages = Object.entries(acts).map(
    ([state, names]): Stage => ({
      state: state as ForwardState,
      acts: names.map(actOf),
      gate: async (): Promise<GateVerdict> =>
        state === failingStage ? { verdict: "revert", reason: "it fails" } : { verdict: "pass" },
    }),
  );
  const journal = await Journal.open(join(directory, "journal.jsonl"), onMoment);
  const conductor = new Conductor({ directory, journal, stages, clock: systemClock, isOutage: () => false });
  try {
    return await conductor.run();
  } finally {
    await journal.close();
  }
};
