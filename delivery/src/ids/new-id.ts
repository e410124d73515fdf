import type { ActiveBehaviours } from "earlybird/rollback";
import type { RawBuilder } from "kysely";
import { ids } from "./identifiers.ts";

/** What has an id of its own, and the table that holds it. */
const tables = {
  user: "users",
  customer: "customers",
  product: "products",
  subscription: "subscriptions",
  order: "orders",
  delivery: "delivery_statuses",
  bill: "billing_records",
} as const;

export type IdKind = keyof typeof tables;

/**
 * An SQL expression for a new id, another one for each row: a prefixed UUID v7, so that ids sort by the time
 * they were made, or the next number of the old style while step 29 is rolled back.
 *
 * @param active as `changes.transaction` gives it: no rewriting comes between it and the row
 */
export const newId = (kind: IdKind, active: ActiveBehaviours): RawBuilder<string> =>
  ids.next(tables[kind], active.has("uuid-ids") ? "now" : "before");
