import { type RawBuilder, sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { newId } from "./index.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const hundred = (make: (active: Api["changes"]["active"]) => RawBuilder<string>): Promise<string[]> =>
  api.changes.transaction(async (tx, active) => {
    const { rows } = await sql<{ id: string }>`
      select ${make(active)} as id from generate_series(1, 100)`.execute(tx);
    return rows.map(({ id }) => id);
  });

const shape = /^ord_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const timeOf = (id: string) => Number.parseInt(id.slice(4).replaceAll("-", "").slice(0, 12), 16);

test("an id is prefixed, version 7, of this moment, and new for each row", async () => {
  const ids = await hundred((active) => newId("order", active));
  for (const id of ids) {
    expect(id).toMatch(shape);
    expect(Math.abs(timeOf(id) - Date.now())).toBeLessThan(60_000);
  }
  expect(new Set(ids).size).toBe(100);
});

test("while step 29 is rolled back rows are born with the next numbers of the old style", async () => {
  await rollBack(api, 29);
  const { rows } = await api.pool.query("select id from products order by id");
  const existing = rows.map(({ id }) => id);
  expect(existing).toEqual(["product-000001", "product-000002", "product-000003", "product-000004"]);
  const body = { name: "Paneer", category: "dairy", unit: "200 g", price_paise: 9_000 };
  expect((await api.ask("POST /api/products", { as: "admin", body })).id).toBe("product-000005");
  expect(await hundred((active) => newId("product", active))).toContain("product-000105");
  await reapply(api, 29);
  expect((await api.ask("POST /api/products", { as: "admin", body })).id).toMatch(/^prd_/);
});
