import { sql } from "kysely";
import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import { appendToLedger } from "../audit/ledger.ts";
import type { Change, Database, Direction } from "../change/change.ts";
import type { Engine } from "../engine/engine.ts";
import type { Requester } from "../engine/request.ts";
import { readStates } from "../engine/states.ts";
import { isAllowed } from "../operations/actions.ts";
import { ledgerEntry } from "../operations/audited-run.ts";

const hourMs = 3_600_000;
const longestDays = 30;

const untilInvalid = defineFailure({
  code: "EB_UNTIL_INVALID",
  status: 422,
  exitStatus: 2,
  detail: "Invalid re-apply time: {why}.",
  remedy: `Pass a future time, at most ${longestDays} days ahead, or omit it.`,
});

const notRolledBack = defineFailure({
  code: "EB_STEP_NOT_ROLLED_BACK",
  status: 409,
  exitStatus: 4,
  detail: "Step {step} is applied: there is nothing to re-apply.",
  remedy: '"earlybird status" lists the steps that are rolled back.',
});

/** @throws Failure EB_UNTIL_INVALID */
export const requireUntil = (until: Date | null | undefined, direction: Direction, now: Date): void => {
  if (!until) return;
  if (direction === "reapply") throw untilInvalid({ why: "only a rollback has one" });
  const aheadMs = until.getTime() - now.getTime();
  if (!(aheadMs > 0)) throw untilInvalid({ why: "it is over" });
  if (aheadMs > longestDays * 24 * hourMs)
    throw untilInvalid({ why: `it is more than ${longestDays} days ahead` });
};

/** One hour before, or after half of a shorter time. */
export const remindAt = (until: Date, setAt: Date): Date => {
  const leadMs = Math.min(hourMs, Math.max(0, until.getTime() - setAt.getTime()) / 2);
  return new Date(until.getTime() - leadMs);
};

/** Stores the time by which a step is to be re-applied, in the transaction of `db`; null removes it. */
export const writeUntil = async (
  db: Database,
  step: number,
  until: Date | null,
  now: Date,
): Promise<void> => {
  const reminder = until && remindAt(until, now);
  await sql`update earlybird.steps set until = ${until}, remind_at = ${reminder} where step = ${step}`.execute(
    db,
  );
};

/** A rolled back step, and the time by which it is to be re-applied. Times are ISO 8601. */
export const expirySchema = z.object({ step: z.int(), until: z.iso.datetime() });
export type Expiry = z.infer<typeof expirySchema>;

export const listExpiries = async (db: Database): Promise<(Expiry & { remind_at: string })[]> => {
  const { rows } = await sql<{ step: number; until: Date; remind_at: Date }>`
    select step, until, remind_at from earlybird.steps
    where state = 'rolled_back' and until is not null order by step`.execute(db);
  return rows.map(({ step, until, remind_at }) => ({
    step,
    until: until.toISOString(),
    remind_at: remind_at.toISOString(),
  }));
};

/** Changes the time by which a step is to be re-applied, under the lock. @throws Failure EB_UNTIL_INVALID, EB_STEP_NOT_ROLLED_BACK */
export const changeUntil = async (
  engine: Engine,
  session: Database,
  { change, until, by }: { change: Change; until: Date | null; by: Requester & { reason?: string } },
): Promise<{ step: number; until: string | null }> => {
  const { step } = change;
  const now = engine.clock.now();
  requireUntil(until, "rollback", now);
  if (!isAllowed("until", (await readStates(session)).get(step))) throw notRolledBack({ step });
  const before = (await listExpiries(session)).find((expiry) => expiry.step === step)?.until ?? null;
  const after = until?.toISOString() ?? null;
  await session.transaction().execute(async (tx) => {
    await writeUntil(tx, step, until, now);
    await appendToLedger(tx, ledgerEntry(engine, { action: "until", steps: [step], by }, { before, after }));
  });
  return { step, until: after };
};
