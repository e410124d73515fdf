import { expect, test } from "vitest";
import { createTestDatabase, ensureTemplate } from "./database.ts";

test("a test database is PostgreSQL 18 with UTF-8 and isolated from others", async () => {
  const [one, other] = await Promise.all([createTestDatabase(), createTestDatabase()]);
  const { rows } = await one.pool.query(
    "select current_setting('server_version_num')::int / 10000 as version, current_setting('server_encoding') as encoding, lower('ÄÉ') as lowered",
  );
  expect(rows).toEqual([{ version: 18, encoding: "UTF8", lowered: "äé" }]);
  await one.pool.query("create table mine ()");
  expect((await other.pool.query("select to_regclass('mine') as mine")).rows).toEqual([{ mine: null }]);
  await Promise.all([one.drop(), other.drop()]);
});

test("concurrent requests build a template once, and its copies are independent", async () => {
  let built = 0;
  const ask = () =>
    ensureTemplate("support_smoke", async (url) => {
      built += 1;
      const { createPool } = await import("../../ops/src/database/pool.ts");
      const pool = createPool(url);
      await pool.query("create table milk (litres int); insert into milk values (1)");
      await pool.end();
    });
  await Promise.all([ask(), ask(), ask()]);
  expect(built).toBe(1);
  const [one, other] = [await createTestDatabase("support_smoke"), await createTestDatabase("support_smoke")];
  await one.pool.query("update milk set litres = 2");
  expect((await other.pool.query("select litres from milk")).rows).toEqual([{ litres: 1 }]);
  await Promise.all([one.drop(), other.drop()]);
});

test("a template can be built again after a failed build", async () => {
  const failing = ensureTemplate("support_failing", () => Promise.reject(new Error("no milk today")));
  await expect(failing).rejects.toThrow("no milk today");
  await ensureTemplate("support_failing", async () => undefined);
  await (await createTestDatabase("support_failing")).drop();
});
