import { sql } from "kysely";
import { z } from "zod";
import type { Database } from "../change/change.ts";
import type { LedgerAnchors } from "./anchors.ts";
import { type LedgerPage, ledgerEntrySchema, readLedger } from "./ledger.ts";
import { ledgerHeadSchema } from "./ledger-hash.ts";
import { type AuditResult, verifyLedger } from "./verify.ts";

/** A page of the ledger, and whether the whole ledger is verified. */
export const auditPageSchema = z.object({
  verified: z.boolean(),
  /** One sentence for each edited, missing, reordered or truncated entry, on all pages. */
  faults: z.array(z.string()),
  head: ledgerHeadSchema,
  anchors: z.object({
    compared: z.int().describe("signed heads outside of the database with which the ledger was compared"),
    newest: z.object({ seq: z.int(), at: z.iso.datetime() }).nullable(),
  }),
  /** Newest first. */
  entries: z.array(ledgerHeadSchema.extend(ledgerEntrySchema.shape)),
  next: z.string().nullable().describe("`before` for the next page; null on the last one."),
});
export type AuditPage = z.infer<typeof auditPageSchema>;

/**
 * Reads pages of the ledger. The chain is recomputed only when the table has changed in any way since the
 * last time, so that asking again costs one scan without reading the entries.
 */
export const auditReader = (db: Database, anchors: LedgerAnchors | undefined) => {
  let verified: { mark: string; result: AuditResult } | undefined;
  return async (page: LedgerPage): Promise<AuditPage> => {
    const mark = `${await markOf(db)} ${await anchors?.mark()}`;
    if (verified?.mark !== mark)
      verified = { mark, result: await verifyLedger(db, undefined, await anchors?.read()) };
    const { ok, faults, head, anchors: compared } = verified.result;
    const found = await readLedger(db, { ...page, limit: page.limit + 1 });
    const entries = found.slice(0, page.limit);
    const next = found.length > page.limit ? String(entries.at(-1)?.seq) : null;
    return { verified: ok, faults, head, anchors: compared, entries, next };
  };
};

/**
 * Differs whenever a row was written: each version of a row carries the number of the transaction that wrote
 * it. The head alone would not tell that an old entry was edited.
 */
const markOf = async (db: Database): Promise<string> => {
  const { rows } = await sql<{ mark: string }>`
    select concat_ws(' ', count(*), max(seq), sum(xmin::text::bigint),
      (select string_agg(concat_ws(':', step, ledger_seq, ledger_hash), ',' order by step) from earlybird.steps)) as mark
    from earlybird.ledger`.execute(db);
  return rows[0]?.mark ?? "";
};
