import { Kysely, PostgresDialect, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { TestDatabase } from "../../../test/support/database.ts";
import { createDeliveryDatabase } from "../../../test/support/delivery.ts";
import type { Tables } from "../database.ts";
import { seedDemo } from "./index.ts";

const small = { customers: 3, days: 2 };

let database: TestDatabase;
let db: Kysely<Tables>;

beforeAll(async () => {
  database = await createDeliveryDatabase();
  db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool: database.pool }) });
});

afterAll(async () => database?.drop());

test.each([
  [{ customers: 0 }, "customers is 0"],
  [{ customers: 1.5 }, "customers is 1.5"],
  [{ days: 0 }, "days is 0"],
  [{ seed: Number.NaN }, "the seed is NaN"],
])("%o is refused before anything is written", async (odd, fault) => {
  await expect(seedDemo(db, { ...small, ...odd })).rejects.toMatchObject({
    code: "EB_SEED_OPTIONS",
    detail: expect.stringContaining(fault),
  });
});

test("a database that holds a single row is left alone", async () => {
  await sql`insert into products (id, name, category, unit, price_paise) values ('p', 'Milk', 'milk', 'l', 1)`.execute(
    db,
  );
  await expect(seedDemo(db, small)).rejects.toMatchObject({
    code: "EB_NOT_EMPTY",
    detail: expect.stringContaining("products"),
  });
  await sql`delete from products`.execute(db);
});

test("of two loads at once one is done and the other refused", async () => {
  const both = await Promise.allSettled([seedDemo(db, small), seedDemo(db, small)]);
  expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
  expect(both.find(({ status }) => status === "rejected")).toMatchObject({
    reason: { code: "EB_NOT_EMPTY" },
  });
  const customers = await db.selectFrom("customers").select("id").execute();
  expect(customers).toHaveLength(3);
});
