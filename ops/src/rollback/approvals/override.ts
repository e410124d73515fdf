import { sql } from "kysely";
import { appendToLedger, ledgerHead } from "../audit/ledger.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import type { Database } from "../change/change.ts";
import type { Alarm, Notice } from "../engine/alarm.ts";
import type { Engine } from "../engine/engine.ts";
import type { Requester } from "../engine/request.ts";
import { ledgerEntry } from "../operations/audited-run.ts";

/** A move that began without the required approval. */
interface Override {
  id: string;
  action: string;
  steps: number[];
  reason: string;
  overridden_by: string;
  origin: string;
}

/** Records an override, in the transaction that begins the move. */
export const recordOverride = async (
  engine: Engine,
  tx: Database,
  override: { action: string; steps: number[]; reason: string; by: Requester; operation: string | null },
): Promise<void> => {
  const { action, steps, reason, by, operation } = override;
  await sql`insert into earlybird.overrides (action, steps, reason, overridden_by, origin, at)
    values (${action}, ${steps}, ${reason}, ${by.requestedBy}, ${by.origin}, ${engine.clock.now()})`.execute(
    tx,
  );
  const attempt = { action: "override", steps, by: { ...by, reason } };
  await appendToLedger(tx, ledgerEntry(engine, attempt, { action }, operation));
};

const keyOf = ({ id }: Override) => `rollback override ${id}`;

/** Includes the head of the ledger, so that a copy of it exists outside the database. */
const noticeOf = (override: Override, { seq, hash }: LedgerHead): Notice => {
  const { action, steps, reason, overridden_by, origin } = override;
  return {
    type: "SECURITY_ALERT",
    key: keyOf(override),
    severity: "critical",
    message: `${overridden_by} started a ${action} of step ${steps.join(", ")} without the approval that it needs: ${reason}`,
    details: { action, steps: steps.join(", "), overridden_by, origin, reason, ledger: `${seq} ${hash}` },
  };
};

const notRaised = async (db: Database): Promise<Override[]> => {
  const { rows } = await sql<Override>`
    select id::text, action, steps, reason, overridden_by, origin from earlybird.overrides
    where raised_at is null order by overrides.id`.execute(db);
  return rows;
};

/** Raises an alert for each override that has none yet. */
export const raiseOverrides = async ({ db }: Engine, alarm: Alarm): Promise<void> => {
  const firing = new Set(alarm.active().map(({ key }) => key));
  const unheard = (await notRaised(db)).filter((override) => !firing.has(keyOf(override)));
  if (unheard.length === 0) return;
  const head = await ledgerHead(db);
  for (const override of unheard) alarm.raise(noticeOf(override, head));
};

/** Raises them at once. On error the next periodic check raises them: an operation that has begun must not stop. */
export const raiseOverridesNow = async (engine: Engine): Promise<void> => {
  const { alarm, log } = engine;
  if (alarm)
    await raiseOverrides(engine, alarm).catch((err: unknown) =>
      log.error({ err }, "the alert about a move without approval could not be raised yet"),
    );
};

/** Marks the overrides whose alert fires in this process: other processes need not raise them. */
export const markRaised = async ({ db, clock }: Engine, alarm: Alarm): Promise<void> => {
  const firing = new Set(alarm.active().map(({ key }) => key));
  const raised = (await notRaised(db)).filter((override) => firing.has(keyOf(override))).map(({ id }) => id);
  await sql`update earlybird.overrides set raised_at = ${clock.now()} where id = any(${raised}::bigint[])`.execute(
    db,
  );
};
