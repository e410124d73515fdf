import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import type { AnchorLines } from "./anchor.ts";
import { compareWithAnchors } from "./compare-anchors.ts";
import { genesis, hashOfEntry, type LedgerHead } from "./ledger-hash.ts";

export interface AuditResult {
  ok: boolean;
  entries: number;
  head: LedgerHead;
  /** One sentence for each edited, missing, reordered or truncated entry, and for each anchor that does not fit. */
  faults: string[];
  /** How many anchors the ledger was compared with, and the newest of them; null where there is none. */
  anchors: { compared: number; newest: { seq: number; at: string } | null };
}

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
      if (hashOfEntry(seq, row.prev_hash, row.entry) !== row.hash) faults.push(`Entry ${seq} was edited.`);
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
