import { sql } from "kysely";
import { z } from "zod";
import type { Database } from "../change/change.ts";
import { ledgerLock } from "../database/advisory-locks.ts";
import { type LedgerFilter, matchesFilter } from "./ledger-filter.ts";
import { genesis, type LedgerHead } from "./ledger-hash.ts";

/** A ledger entry. Times are ISO 8601. */
export const ledgerEntrySchema = z.object({
  at: z.iso.datetime(),
  /** `apply`, `interrupted`, or what was attempted: also with `.refused` or `.failed` behind it. */
  action: z.string(),
  operation: z.string().nullable(),
  steps: z.array(z.int()).readonly(),
  operator: z.string(),
  /** From where: `cli host`, an address. */
  origin: z.string(),
  reason: z.string().nullable(),
  plan: z.string().nullable(),
  /** Row counts, or the code and detail of a refusal. */
  result: z.unknown(),
});
export type LedgerEntry = z.infer<typeof ledgerEntrySchema>;

/** Blocks other writers of the ledger until the transaction ends. */
const lockLedger = (db: Database) =>
  sql`select pg_advisory_xact_lock(${sql.lit(ledgerLock[0])}, ${sql.lit(ledgerLock[1])})`.execute(db);

/** Appends an entry in the transaction of `db`, together with the change that it records. */
export const appendToLedger = async (db: Database, entry: LedgerEntry): Promise<LedgerHead> => {
  const { rows } = await sql<LedgerHead>`
    select seq, hash from earlybird.append_to_ledger(${JSON.stringify(entry)})`.execute(db);
  return { seq: Number(rows[0]?.seq), hash: String(rows[0]?.hash) };
};

/** What a service records in the ledger beside the moves of the engine. */
export interface LedgerRecord {
  /** Kebab-case, such as `role-change`. */
  action: string;
  operator: string;
  /** From where: an address, `cli host`. */
  origin: string;
  at: Date;
  reason?: string;
  /** What happened; never a secret. */
  result?: unknown;
}

/**
 * Records something of the service in the ledger, in the transaction of `db`: the entry commits or aborts with
 * the work that it records. Until that transaction ends, others wait for the ledger: write the entry last.
 */
export const recordInLedger = (
  db: Database,
  { action, operator, origin, at, reason, result }: LedgerRecord,
): Promise<LedgerHead> =>
  appendToLedger(db, {
    at: at.toISOString(),
    action,
    operation: null,
    steps: [],
    operator,
    origin,
    reason: reason ?? null,
    plan: null,
    result: result ?? null,
  });

/** Records an event unless the newest one of its action has the same result. */
export const recordIfChanged = async (db: Database, event: LedgerRecord): Promise<LedgerHead | null> => {
  // Another instance that starts in the same moment waits, and then finds this entry.
  await lockLedger(db);
  // An entry begins with these two fields, in which a quotation mark would be escaped.
  const beginning = `{"at":"%","action":${JSON.stringify(event.action)},"operation":%`;
  const { rows } = await sql<{ entry: string }>`
    select entry from earlybird.ledger where entry like ${beginning} order by seq desc limit 1`.execute(db);
  const known = rows[0] && JSON.stringify(JSON.parse(rows[0].entry).result);
  return known === JSON.stringify(event.result ?? null) ? null : recordInLedger(db, event);
};

export const ledgerHead = async (db: Database): Promise<LedgerHead> => {
  const { rows } =
    await sql<LedgerHead>`select seq, hash from earlybird.ledger order by seq desc limit 1`.execute(db);
  return rows[0] ? { seq: Number(rows[0].seq), hash: rows[0].hash } : genesis;
};

export interface LedgerPage extends LedgerFilter {
  limit: number;
  /** Only entries with a lower number. */
  before?: number | undefined;
}

/** The newest entries first. */
export const readLedger = async (
  db: Database,
  { limit, before, ...filter }: LedgerPage,
): Promise<(LedgerEntry & LedgerHead)[]> => {
  const { rows } = await sql<{ seq: number; hash: string; entry: string }>`
    select seq, hash, entry from earlybird.ledger
    where ${before === undefined ? sql`true` : sql`seq < ${before}`} and ${matchesFilter(filter)} order by seq desc limit ${limit}`.execute(
    db,
  );
  return rows.map(({ seq, hash, entry }) => ({ ...JSON.parse(entry), seq: Number(seq), hash }));
};
