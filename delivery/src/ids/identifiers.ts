import { identifiers } from "@earlybird-ops/platform/rollback";

/** The prefixes of the ids of each table, in both styles. */
export const idStyles = {
  users: { before: "user-", now: "usr_" },
  customers: { before: "customer-", now: "cst_" },
  products: { before: "product-", now: "prd_" },
  subscriptions: { before: "subscription-", now: "sub_" },
  orders: { before: "order-", now: "ord_" },
  delivery_statuses: { before: "delivery-", now: "dlv_" },
  billing_records: { before: "bill-", now: "bil_" },
};

/** The ids that change 29 rewrites. */
export const ids = identifiers(idStyles, {
  embedded: [
    { table: "orders", column: "items", field: "product_id", refers: "products" },
    { table: "delivery_statuses", column: "items", field: "product_id", refers: "products" },
    { table: "delivery_corrections", column: "before_items", field: "product_id", refers: "products" },
    { table: "delivery_corrections", column: "after_items", field: "product_id", refers: "products" },
  ],
});
