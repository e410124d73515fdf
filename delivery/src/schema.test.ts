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
    "billing_records",
    "billing_runs",
    "business_settings",
    "customers",
    "delivery_statuses",
    "idempotency_keys",
    "orders",
    "products",
    "shared_links",
    "subscription_terms",
    "subscriptions",
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
