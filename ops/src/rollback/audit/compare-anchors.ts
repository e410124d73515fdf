import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import type { Anchor } from "./anchor.ts";

const atOnce = 1_000;

/**
 * Compares anchors with the ledger: each must name an entry that is there, with its hash.
 *
 * @returns one sentence for each time at which the ledger was another than it is
 */
export const compareWithAnchors = async (db: Database, anchors: readonly Anchor[]): Promise<string[]> => {
  const faults: string[] = [];
  for (let from = 0; from < anchors.length; from += atOnce) {
    const compared = anchors.slice(from, from + atOnce);
    const { rows } = await sql<{ seq: number; hash: string }>`
      select seq, hash from earlybird.ledger where seq = any(${compared.map(({ seq }) => seq)}::bigint[])`.execute(
      db,
    );
    const hashes = new Map(rows.map(({ seq, hash }) => [Number(seq), hash]));
    for (const { seq, hash, at } of compared) {
      const found = hashes.get(seq);
      if (seq === 0 || found === hash) continue;
      faults.push(
        found === undefined
          ? `Entry ${seq}, which was anchored at ${at}, is missing: the ledger was cut short, or an older one was restored.`
          : `Entry ${seq} is not the one that was anchored at ${at}: the ledger was rewritten.`,
      );
    }
  }
  return faults;
};
