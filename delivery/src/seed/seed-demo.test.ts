import { fingerprint } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createDeliveryDatabase } from "../../../test/support/delivery.ts";
import { type Demo, demoClock, demoSize, loadDemo } from "../../../test/support/demo.ts";
import type { Tables } from "../database.ts";
import { demoLogins, seedDemo } from "./index.ts";

let demo: Demo;

beforeAll(async () => {
  demo = await loadDemo();
});

afterAll(async () => demo?.database.drop());

const fingerprintOfAnother = async (options: { seed?: number }) => {
  const { database, db } = await loadDemo(options);
  const print = await fingerprint(db);
  await database.drop();
  return print;
};

test("the same seed and day give the same rows, byte for byte, another seed gives others", async () => {
  const first = await fingerprint(demo.db);
  expect((await fingerprintOfAnother({})).tables).toEqual(first.tables);
  const other = await fingerprintOfAnother({ seed: 2 });
  expect(other.tables.customers?.hash).not.toBe(first.tables.customers?.hash);
  expect(other.tables.orders?.hash).not.toBe(first.tables.orders?.hash);
});

test("indexes, foreign keys and everything else of the schema are afterwards as they were", async () => {
  const database = await createDeliveryDatabase();
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  await sql`comment on index orders_customer_id_idx is 'kept'`.execute(db);
  const before = await fingerprint(db);
  await seedDemo(db, { ...demoSize, clock: demoClock, customers: 5 });
  const after = await fingerprint(db);
  expect(after.schema).toBe(before.schema);
  expect(after.tables.orders?.rows).toBeGreaterThan(0);
  const { rows } = await sql`select obj_description('orders_customer_id_idx'::regclass) as comment`.execute(
    db,
  );
  expect(rows).toEqual([{ comment: "kept" }]);
  await database.drop();
});

test("the report counts the rows of every table, and progress reports each", async () => {
  const seen: Record<string, number> = {};
  const { database, db, report } = await loadDemo({
    customers: 10,
    onProgress: (stage, rows) => {
      seen[stage] = rows;
    },
  });
  const { indexes, ...tables } = seen;
  expect(indexes).toBe(0);
  expect(tables).toEqual(report.rows);
  for (const [table, reported] of Object.entries(report.rows)) {
    const { rows } = await sql`select count(*) as counted from ${sql.table(table)}`.execute(db);
    expect(rows, table).toEqual([{ counted: reported }]);
  }
  await database.drop();
});

test.each([
  { customers: 1, days: 1 },
  { customers: 10, days: 1 },
  { customers: 1, days: 10 },
  { customers: 10, days: 3 },
])("$customers customers and $days days are enough for a morning's work", async (size) => {
  const { database, db, report } = await loadDemo(size);
  expect(report.rows.customers).toBe(size.customers);
  expect(report.rows.users).toBeGreaterThanOrEqual(demoLogins.length);
  const { rows } = await sql`
    select count(*) > 0 as open from orders o
    join delivery_statuses d on d.order_id = o.id and d.status = 'pending'
    where o.delivery_date = '2026-03-11'`.execute(db);
  expect(rows).toEqual([{ open: true }]);
  await database.drop();
});

test("nothing happened in the future: tomorrow's orders are the latest", async () => {
  const moments = {
    users: ["created_at"],
    customers: ["created_at"],
    subscriptions: ["created_at"],
    orders: ["created_at", "delivered_at"],
    delivery_statuses: ["created_at", "confirmed_at"],
    billing_records: ["created_at", "issued_at", "paid_at"],
    shared_links: ["used_at"],
  };
  for (const [table, columns] of Object.entries(moments)) {
    for (const column of columns) {
      const late = sql`select from ${sql.table(table)} where ${sql.id(column)} > ${demoClock.now()}`;
      expect(await demo.offenders(late), `${table}.${column}`).toEqual([]);
    }
  }
  const { rows } = await sql`
    select min(delivery_date) as first, max(delivery_date) as last from orders`.execute(demo.db);
  expect(rows).toEqual([{ first: "2026-01-25", last: "2026-03-11" }]);
});

test("ids are UUIDs of version 7 and carry the time at which they were made", async () => {
  const tables = ["users", "customers", "subscriptions", "orders", "delivery_statuses", "billing_records"];
  for (const table of tables) {
    const malformed = sql`
      select id from ${sql.table(table)}
      where id !~ '^[a-z]{3}_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$'
        or substr(replace(id, '-', ''), 5, 12)
          <> lpad(to_hex(round(extract(epoch from created_at) * 1000)::bigint), 12, '0')`;
    expect(await demo.offenders(malformed), table).toEqual([]);
  }
});

test("the business is as untidy as a real one, and the report says how much", () => {
  const { rows, anomalies } = demo.report;
  const percent = (part: number, whole: number) => (100 * part) / whole;
  const about = (share: number, expected: number) => {
    expect(share).toBeGreaterThan(expected * 0.6);
    expect(share).toBeLessThan(expected * 1.5);
  };
  about(percent(anomalies.orders_one_time, rows.orders), 5);
  about(percent(anomalies.orders_cancelled, rows.orders), 2);
  about(percent(anomalies.deliveries_partial + anomalies.deliveries_shortage, rows.delivery_statuses), 4);
  about(percent(anomalies.customers_without_login, rows.customers), 30);
  for (const [oddity, count] of Object.entries(anomalies)) expect(count, oddity).toBeGreaterThan(0);
  expect(anomalies.deliveries_unlinked).toBeGreaterThan(anomalies.deliveries_matching_no_order);
});
