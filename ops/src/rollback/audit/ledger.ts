import { createHash } from "node:crypto";
import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import { ledgerLock } from "../database/advisory-locks.ts";
import type { AnchorLines } from "./anchor.ts";
import { compareWithAnchors } from "./compare-anchors.ts";

/** What the ledger says of one event. Times are ISO 8601. */
export interface LedgerEntry {
  at: string;
  /** `apply`, `interrupted`, or what was attempted: also with `.refused` or `.failed` behind it. */
  action: string;
  operation: string | null;
  steps: readonly number[];
  operator: string;
  /** From where: `cli host`, an address. */
  origin: string;
  reason: string | null;
  plan: string | null;
  /** What happened: row counts, or the code and words of a refusal. */
  result: unknown;
}

/** The position and hash of the newest entry: who has written it down can tell a truncated ledger. */
export interface LedgerHead {
  seq: number;
  hash: string;
}

export interface AuditResult {
  ok: boolean;
  entries: number;
  head: LedgerHead;
  /** One sentence for each edited, missing, reordered or truncated entry, and for each anchor that does not fit. */
  faults: string[];
  /** How many anchors the ledger was compared with, and the newest of them; null where there is none. */
  anchors: { compared: number; newest: { seq: number; at: string } | null };
}

const genesis: LedgerHead = { seq: 0, hash: "0".repeat(64) };

const hashOf = (seq: number, previous: string, entry: string): string =>
  createHash("sha256").update(`${seq}\n${previous}\n${entry}`).digest("hex");

/** Until the transaction ends, nobody else appends. */
const lockLedger = (db: Database) =>
  sql`select pg_advisory_xact_lock(${sql.lit(ledgerLock[0])}, ${sql.lit(ledgerLock[1])})`.execute(db);

/** Chains an entry to the last one, in the transaction of `db`: it stands or falls with what it tells of. */
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
 * Records something of the service in the ledger, in the transaction of `db`: the entry stands or falls with what it
 * tells of. Until that transaction ends, others wait for the ledger: write the entry last.
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

const pageSize = 1000;

/**
 * Recomputes the whole chain. Beside it, each step remembers the entry that last moved it, which tells a
 * ledger that was cut short. Only what is known outside of the database tells one that was computed anew:
 * `expectedHead`, a hash that an earlier operation has printed, and anchors.
 */
export const verifyLedger = async (
  db: Database,
  expectedHead?: string,
  { anchors, faults: unsigned }: AnchorLines = { anchors: [], faults: [] },
): Promise<AuditResult> => {
  const newest = anchors.at(-1);
  const compared = {
    compared: anchors.length,
    newest: newest ? { seq: newest.seq, at: newest.at } : null,
  };
  const faults: string[] = [...unsigned];
  const table = await sql<{
    there: boolean;
  }>`select to_regclass('earlybird.ledger') is not null as there`.execute(db);
  if (newest && !table.rows[0]?.there) {
    faults.push(`The ledger is gone: at ${newest.at} it had ${newest.seq} entries.`);
    return { ok: false, entries: 0, head: genesis, faults, anchors: compared };
  }
  const moves = await sql<{ step: number; seq: number; hash: string }>`
    select step, ledger_seq as seq, ledger_hash as hash from earlybird.steps order by step`.execute(db);
  const awaited = new Map(moves.rows.map(({ step, seq, hash }) => [`${Number(seq)} ${hash}`, step]));
  let expectedSeen = expectedHead === undefined || expectedHead === genesis.hash;
  let previous = genesis;
  let entries = 0;
  for (;;) {
    const { rows } = await sql<{ seq: number; prev_hash: string; hash: string; entry: string }>`
      select seq, prev_hash, hash, entry from earlybird.ledger where seq > ${previous.seq} order by seq limit ${pageSize}
    `.execute(db);
    for (const row of rows) {
      const seq = Number(row.seq);
      if (seq !== previous.seq + 1) faults.push(`Entries ${previous.seq + 1} to ${seq - 1} are missing.`);
      else if (row.prev_hash !== previous.hash)
        faults.push(`Entry ${seq} does not follow entry ${previous.seq}.`);
      if (hashOf(seq, row.prev_hash, row.entry) !== row.hash) faults.push(`Entry ${seq} was edited.`);
      if (row.hash === expectedHead) expectedSeen = true;
      awaited.delete(`${seq} ${row.hash}`);
      previous = { seq, hash: row.hash };
      entries += 1;
    }
    if (rows.length < pageSize) break;
  }
  for (const [anchor, step] of awaited) {
    faults.push(`Entry ${anchor.split(" ")[0]}, which last moved step ${step}, is missing or was replaced.`);
  }
  if (!expectedSeen)
    faults.push(`No entry has the hash ${expectedHead}: the ledger was cut short or rewritten.`);
  faults.push(...(await compareWithAnchors(db, anchors)));
  return { ok: faults.length === 0, entries, head: previous, faults, anchors: compared };
};

/** The newest entries first. */
export const readLedger = async (
  db: Database,
  { limit, before }: { limit: number; before?: number },
): Promise<(LedgerEntry & LedgerHead)[]> => {
  const { rows } = await sql<{ seq: number; hash: string; entry: string }>`
    select seq, hash, entry from earlybird.ledger
    where ${before === undefined ? sql`true` : sql`seq < ${before}`} order by seq desc limit ${limit}`.execute(
    db,
  );
  return rows.map(({ seq, hash, entry }) => ({ ...JSON.parse(entry), seq: Number(seq), hash }));
};
