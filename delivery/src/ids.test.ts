import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../test/support/api.ts";
import { newId, newIdSql } from "./ids.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const shape = /^ord_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const timeOf = (id: string) => Number.parseInt(id.slice(4).replaceAll("-", "").slice(0, 12), 16);

test("an id made in SQL is like one made here: prefixed, version 7, of this moment, and new for each row", async () => {
  const { rows } = await sql<{ id: string }>`
    select ${newIdSql("order")} as id from generate_series(1, 100)`.execute(api.db);
  const ids = [newId("order"), ...rows.map(({ id }) => id)];
  for (const id of ids) {
    expect(id).toMatch(shape);
    expect(Math.abs(timeOf(id) - Date.now())).toBeLessThan(60_000);
  }
  expect(new Set(ids).size).toBe(101);
});
