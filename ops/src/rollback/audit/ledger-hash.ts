import { createHash } from "node:crypto";
import { z } from "zod";

/** Position and hash of the newest entry. A copy of it reveals a truncated ledger. */
export const ledgerHeadSchema = z.object({ seq: z.int(), hash: z.string() });
export type LedgerHead = z.infer<typeof ledgerHeadSchema>;

/** The head of a ledger without entries. */
export const genesis: LedgerHead = { seq: 0, hash: "0".repeat(64) };

/** The hash that chains an entry to the one before it; `append_to_ledger` computes the same in SQL. */
export const hashOfEntry = (seq: number, previous: string, entry: string): string =>
  createHash("sha256").update(`${seq}\n${previous}\n${entry}`).digest("hex");
