import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { readTimeZone } from "./business/time-zone.ts";
import type { Tables } from "./database.ts";
import { createSchema } from "./schema.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});

afterAll(() => database.drop());

test("the schema is created once, also by two who start at the same moment", async () => {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  await Promise.all([createSchema(db), createSchema(db)]);
  await createSchema(db);
  const { rows } = await database.pool.query(
    "select table_name from information_schema.tables where table_schema = 'public' order by 1",
  );
  expect(rows.map(({ table_name }) => table_name)).toEqual([
    "bill_lines",
    "billing_records",
    "billing_runs",
    "business_settings",
    "courier_areas",
    "customers",
    "deliveries_to_bill",
    "delivery_assignments",
    "delivery_corrections",
    "delivery_statuses",
    "idempotency_keys",
    "intended_links",
    "invitations",
    "known_addresses",
    "login_budgets",
    "mail_outbox",
    "orders",
    "password_resets",
    "products",
    "sessions",
    "shared_links",
    "subscription_terms",
    "subscriptions",
    "totp_recovery_codes",
    "totp_secrets",
    "unchecked_writes",
    "users",
  ]);
});

test("a database of before there were billing runs gets their table", async () => {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  await createSchema(db);
  await database.pool.query("drop table billing_runs");
  await createSchema(db);
  expect(await db.selectFrom("billing_runs").selectAll().execute()).toEqual([]);
});

test("the time zone of the business is stored at the first start, and another one is refused from then on", async () => {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  await database.pool.query("drop table business_settings");
  await createSchema(db, "Europe/Berlin");
  await createSchema(db);
  expect(await readTimeZone(db)).toBe("Europe/Berlin");
  await expect(createSchema(db, "UTC")).rejects.toMatchObject({
    code: "EB_BUSINESS_TIME_ZONE",
    detail: expect.stringContaining("Europe/Berlin"),
  });
  expect(await readTimeZone(db)).toBe("Europe/Berlin");
});

test("bills of a database of before there were supplements stay, and take payments and supplements", async () => {
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
  await createSchema(db);
  await database.pool.query(`
    drop table bill_lines;
    alter table billing_records
      drop column supplements, drop column issued_at, drop column issued_by, drop column paid_at, drop column paid_by,
      drop column payment_method, drop column payment_reference, drop column voided_at, drop column voided_by,
      drop column void_reason, drop constraint billing_records_covers_check,
      drop constraint billing_records_amount_paise_check,
      add constraint billing_records_covers_check check (covers in ('subscriptions', 'order')),
      add constraint billing_records_amount_paise_check check (amount_paise >= 0);
    insert into customers values ('c1', 'A', '+91 1', 'x', 'y');
    insert into billing_records (id, customer_id, period, amount_paise, status) values ('b1', 'c1', '2026-01-01', 5600, 'paid')`);
  await createSchema(db);
  await database.pool.query(`
    insert into billing_records (id, customer_id, period, amount_paise, covers, supplements)
    values ('b2', 'c1', '2026-02-01', -5600, 'supplement', '2026-01-01')`);
  const bills = await db.selectFrom("billing_records").select(["id", "paid_at"]).orderBy("id").execute();
  expect(bills).toEqual([
    { id: "b1", paid_at: null },
    { id: "b2", paid_at: null },
  ]);
});
