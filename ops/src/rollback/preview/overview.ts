import { z } from "zod";
import { ledgerHead } from "../audit/ledger.ts";
import { ledgerHeadSchema } from "../audit/ledger-hash.ts";
import { followerStatusSchema, listFollowers } from "../behaviours/wait-for-followers.ts";
import type { Database } from "../change/change.ts";
import { readStates } from "../engine/states.ts";
import { expirySchema, listExpiries } from "../expiry/until.ts";
import { listOperations, operationSchema } from "../operations/operation.ts";

/** The steps by state, the current or last operation, the head of the ledger and the followers. */
export const overviewSchema = z.object({
  steps: z.object({ applied: z.int(), rolled_back: z.int() }),
  /** The running operation, or else the last one; null before the first. */
  operation: operationSchema.nullable(),
  ledger_head: ledgerHeadSchema,
  /** The instances of the service that followed the steps within the last day. */
  followers: z.array(followerStatusSchema),
  /** The steps to re-apply, and by when. */
  expiries: z.array(expirySchema),
});
export type Overview = z.infer<typeof overviewSchema>;

export const readOverview = async (db: Database): Promise<Overview> => {
  const [states, [operation], ledger_head, followers, expiries] = await Promise.all([
    readStates(db),
    listOperations(db, { limit: 1 }),
    ledgerHead(db),
    listFollowers(db),
    listExpiries(db),
  ]);
  const applied = [...states.values()].filter((state) => state === "applied").length;
  const steps = { applied, rolled_back: states.size - applied };
  return {
    steps,
    operation: operation ?? null,
    ledger_head,
    followers,
    expiries: expiries.map(({ step, until }) => ({ step, until })),
  };
};
