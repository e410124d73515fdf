import { createHash } from "node:crypto";
import { sql } from "kysely";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import { type Change, type Database, type Parked, parkedSchema, type RowCount } from "../change/change.ts";
import type { Engine } from "../engine/engine.ts";
import { readStates } from "../engine/states.ts";
import { isAllowed } from "../operations/actions.ts";

/** The values parked for one rolled back step. */
export const parkedStepSchema = z.object({
  step: z.int(),
  name: z.string(),
  since: z.iso.datetime(),
  age_seconds: z.int(),
  parked: z.array(parkedSchema),
});
export type ParkedStep = z.infer<typeof parkedStepSchema>;

const nothingParked = defineFailure({
  code: "EB_NOTHING_PARKED",
  status: 409,
  exitStatus: 4,
  detail: "Step {step} is applied: nothing is parked for it.",
  remedy: '"earlybird parked" lists the steps with parked values.',
});

const purgeNotAcknowledged = defineFailure({
  code: "EB_PURGE_NOT_ACKNOWLEDGED",
  status: 428,
  exitStatus: 6,
  detail: "A purge deletes the parked values of step {step}; re-applying cannot restore them.",
  remedy: 'Give a reason, and add --acknowledge "{phrase}".',
});

/** Counts rows exactly, which is slow on large tables. */
export const listParked = async ({ db, changes, clock }: Engine): Promise<ParkedStep[]> => {
  const { rows } = await sql<{ step: number; changed_at: Date }>`
    select step, changed_at from earlybird.steps where state = 'rolled_back' order by step`.execute(db);
  const list: ParkedStep[] = [];
  for (const { step, changed_at } of rows) {
    const change = changes.find((each) => each.step === step);
    if (!change) continue;
    const parked = await parkedFor(db, change);
    const age_seconds = Math.round((clock.now().getTime() - changed_at.getTime()) / 1_000);
    list.push({ step, name: change.name, since: changed_at.toISOString(), age_seconds, parked });
  }
  return list;
};

const parkedFor = async (db: Database, { step, parts }: Change): Promise<Parked[]> => {
  const parked: Parked[] = [];
  for (const part of parts) parked.push(...((await part.parked?.(db, step)) ?? []));
  return parked;
};

/** The hash of the values that a purge destroys; it changes when the step moves or other rows are parked. */
export const purgePlan = async (db: Database, change: Change): Promise<string> => {
  const { rows } = await sql<{ changed_at: Date }>`
    select changed_at from earlybird.steps where step = ${change.step}`.execute(db);
  const parked = (await parkedFor(db, change)).map(({ place, rows: count }) => [place, count]);
  return createHash("sha256")
    .update(JSON.stringify(["purge", change.step, rows[0]?.changed_at, parked]))
    .digest("hex")
    .slice(0, 16);
};

/** The phrase that acknowledges a purge. */
export const purgePhrase = (step: number) => `lose step ${step}`;

/** @throws Failure EB_NOTHING_PARKED, EB_PURGE_NOT_ACKNOWLEDGED */
export const requirePurge = async (
  db: Database,
  { step }: Change,
  { reason, acknowledge }: { reason: string | null; acknowledge: readonly string[] },
): Promise<void> => {
  if (!isAllowed("purge", (await readStates(db)).get(step))) throw nothingParked({ step });
  if (!reason?.trim() || !acknowledge.includes(purgePhrase(step)))
    throw purgeNotAcknowledged({ step, phrase: purgePhrase(step) }, { acknowledge: purgePhrase(step) });
};

/** Destroys the values parked for a step, in the transaction of `db`. */
export const purgeParked = async (db: Database, { step, parts }: Change): Promise<RowCount[]> => {
  await sql`select set_config('earlybird.engine', 'on', true)`.execute(db);
  const purged: RowCount[] = [];
  for (const part of parts) purged.push(...((await part.purge?.(db, step)) ?? []));
  return purged;
};
