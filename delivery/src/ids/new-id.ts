import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { RawBuilder } from "kysely";
import { ids } from "./identifiers.ts";

/** The table of each kind of id. */
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
 * An SQL expression that generates an id for each row: a prefixed UUID v7, so that ids sort by creation time, or the next
 * number of the old style while step 29 is rolled back.
 *
 * @param active from `changes.transaction`, so that no rewrite happens before the row is inserted
 */
export const newId = (kind: IdKind, active: ActiveBehaviours): RawBuilder<string> =>
  ids.next(tables[kind], active.has("uuid-ids") ? "now" : "before");
