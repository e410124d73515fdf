import { type Database, defineChange, type HotQuery, indexes } from "@earlybird-ops/platform/rollback";
import { type RawBuilder, sql } from "kysely";

/** The value that a query would be asked with: one that occurs. */
const example = async (db: Database, query: RawBuilder<unknown>): Promise<string> => {
  const { rows } = await sql<{ value: string | null }>`select (${query}) as value`.execute(db);
  return rows[0]?.value ?? "";
};

const hot: HotQuery[] = [
  {
    name: "a customer's orders",
    query: async (db) => {
      const customer = await example(db, sql`select customer_id from orders limit 1`);
      return sql`select id from orders where customer_id = ${customer} order by delivery_date desc limit 50`;
    },
  },
  {
    name: "orders that somebody placed",
    query: async (db) => {
      const user = await example(db, sql`select placed_by from orders where placed_by is not null limit 1`);
      return sql`select id from orders where placed_by = ${user}`;
    },
  },
  {
    name: "the newest orders",
    query: async () => sql`select id from orders order by delivery_date desc limit 50`,
  },
  {
    name: "a customer's subscriptions",
    query: async (db) => {
      const customer = await example(db, sql`select customer_id from subscriptions limit 1`);
      return sql`select id from subscriptions where customer_id = ${customer}`;
    },
  },
  {
    name: "paused subscriptions",
    query: async () => sql`select id from subscriptions where status = 'paused'`,
  },
  {
    name: "a customer's deliveries",
    query: async (db) => {
      const customer = await example(db, sql`select customer_id from delivery_statuses limit 1`);
      return sql`select id from delivery_statuses where customer_id = ${customer} order by delivery_date desc limit 50`;
    },
  },
  {
    name: "a customer's bills",
    query: async (db) => {
      const customer = await example(db, sql`select customer_id from billing_records limit 1`);
      return sql`select id from billing_records where customer_id = ${customer}`;
    },
  },
  {
    name: "the newest bills",
    query: async () => sql`select id from billing_records order by period desc limit 50`,
  },
];

export default defineChange({
  step: 30,
  name: "indexes",
  title: "The hot queries have their indexes",
  requires: [],
  risk: "high",
  whileRolledBack: "The most frequent queries read whole tables.",
  affects: {
    routes: [
      "GET /api/orders",
      "GET /api/subscriptions",
      "GET /api/deliveries",
      "GET /api/billing",
      "POST /api/billing/generate",
    ],
    alerts: ["API_TIMEOUT", "DATABASE_SLOW", "HIGH_CPU", "BILLING_FAILURE"],
  },
  parts: [
    indexes(
      [
        { table: "orders", columns: ["customer_id"] },
        { table: "orders", columns: ["placed_by"] },
        { table: "orders", columns: ["delivery_date desc"] },
        { table: "subscriptions", columns: ["customer_id"] },
        { table: "subscriptions", columns: ["status"] },
        { table: "delivery_statuses", columns: ["customer_id", "delivery_date desc"] },
        { table: "billing_records", columns: ["customer_id"] },
        { table: "billing_records", columns: ["period desc"] },
      ],
      { hot },
    ),
  ],
});
