import { sql } from "kysely";
import { z } from "zod";
import { type Change, directionSchema, impactLineSchema, type StepState } from "../change/change.ts";
import { impactOf } from "../change/impact.ts";
import { readWithin } from "../database/read-within.ts";
import type { Engine } from "../engine/engine.ts";
import { isAllowed } from "../operations/actions.ts";

const limitMs = 2_000;
const keptMs = 60_000;

/** The impact of the possible move of a step, read without executing it. */
export const previewSchema = z.object({
  step: z.int(),
  direction: directionSchema.describe(
    "The possible move: a rollback if the step is applied, else a re-apply.",
  ),
  impact: z.array(impactLineSchema).describe("Empty for a re-apply, and if `complete` is false."),
  complete: z.boolean().describe("False if the impact could not be computed within two seconds."),
  computed_at: z.iso.datetime().describe("Up to a minute ago, unless a step has moved since."),
});
export type Preview = z.infer<typeof previewSchema>;

/** The state of a step; `moves` grows with each move of any step. */
interface Position {
  state: StepState;
  moves: string;
}

/**
 * Returns a function that previews a step in a read-only transaction of at most two seconds. It keeps each preview for a
 * minute, unless a step moves; requests at the same time share one.
 *
 * The function resolves with undefined for a step that is not installed yet.
 */
export const impactPreviewer = (engine: Engine) => {
  const kept = new Map<number, { moves: string; atMs: number; preview: Promise<Preview> }>();
  return async (change: Change): Promise<Preview | undefined> => {
    const position = await readPosition(engine, change.step);
    if (!position) return undefined;
    const nowMs = engine.clock.monotonicMs();
    const known = kept.get(change.step);
    if (known && known.moves === position.moves && nowMs - known.atMs < keptMs) return known.preview;
    const preview = computePreview(engine, change, position.state);
    kept.set(change.step, { moves: position.moves, atMs: nowMs, preview });
    preview.catch(() => kept.delete(change.step));
    return preview;
  };
};

const readPosition = async ({ db }: Engine, step: number): Promise<Position | undefined> => {
  const { rows } = await sql<Position>`
    select state, (select max(ledger_seq) from earlybird.steps)::text as moves
    from earlybird.steps where step = ${step} and state <> 'installing'`.execute(db);
  return rows[0];
};

const computePreview = async (engine: Engine, change: Change, state: StepState): Promise<Preview> => {
  const direction = isAllowed("rollback", state) ? "rollback" : "reapply";
  const impact = await readWithin(engine, limitMs, (db) => impactOf(db, change, direction));
  return {
    step: change.step,
    direction,
    impact: impact ?? [],
    complete: impact !== undefined,
    computed_at: engine.clock.now().toISOString(),
  };
};
