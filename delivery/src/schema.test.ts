import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
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
    "customers",
    "delivery_statuses",
    "known_addresses",
    "login_budgets",
    "orders",
    "products",
    "shared_links",
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
