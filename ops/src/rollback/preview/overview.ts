import { ledgerHead } from "../audit/ledger.ts";
import type { LedgerHead } from "../audit/ledger-hash.ts";
import { type FollowerStatus, listFollowers } from "../behaviours/wait-for-followers.ts";
import type { Database } from "../change/change.ts";
import { readStates } from "../engine/states.ts";
import { type Expiry, listExpiries } from "../expiry/until.ts";
import { listOperations, type RollbackOperation } from "../operations/operation.ts";

/** Where everything stands, at a glance. */
export interface Overview {
  steps: { applied: number; rolled_back: number };
  /** The one that runs, else the last one; null before the first. */
  operation: RollbackOperation | null;
  ledger_head: LedgerHead;
  /** The instances of the service that follow the steps, or did within the last day. */
  followers: FollowerStatus[];
  /** Which steps are to be re-applied, and by when. */
  expiries: Expiry[];
}

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
