import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "./columns.ts";
import { identifiers } from "./identifiers.ts";

const asked = { requestedBy: "ada", origin: "test" };
const nothing = { requires: [], risk: "none" } as const;
const changes = [
  defineChange({
    ...nothing,
    step: 1,
    name: "remarks",
    title: "Orders and their lines have remarks",
    parts: [
      columns("orders", { remark: { type: "text" } }),
      columns("lines", { remark: { type: "text" }, replaces: { type: "text", references: "orders.id" } }),
    ],
  }),
  defineChange({
    ...nothing,
    step: 2,
    name: "new-ids",
    title: "Ids are UUIDs",
    parts: [identifiers({ orders: { before: "order-", now: "ord_" } })],
  }),
];

let database: TestDatabase;
let manager: RollbackManager;

beforeEach(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    create table orders (id text primary key, n integer not null);
    create table lines (order_id text references orders (id), line integer, primary key (order_id, line));
    insert into orders values ('order-000041', 1), ('order-000042', 2);
    insert into lines values ('order-000041', 1), ('order-000041', 2)`);
  manager = new RollbackManager({ pool: database.pool, changes, log: quiet });
  await manager.install(asked);
});
afterEach(() => database.drop());

const rows = async (query: string) => (await database.pool.query(query)).rows;
const current = async (n: number): Promise<string> =>
  (await rows(`select id from orders where n = ${n}`))[0].id;

test("rows written while one step was rolled back are found after another step has rewritten their keys", async () => {
  await manager.rollbackStep(1, asked);
  await database.pool.query("update lines set remark = 'late' where line = 1");
  await manager.rollbackStep(2, asked);
  await manager.reapplyStep(1, asked);
  expect(await rows("select order_id, line, remark from lines order by line")).toEqual([
    { order_id: "order-000041", line: 1, remark: "late" },
    { order_id: "order-000041", line: 2, remark: null },
  ]);
});

test("a row that was deleted and came back under its other id is journalled once", async () => {
  await manager.rollbackStep(1, asked);
  await database.pool.query("delete from orders where n = 2");
  await database.pool.query("insert into orders values ('order-000042', 2)");
  await database.pool.query("update orders set remark = 'back' where n = 2");
  await manager.rollbackStep(2, asked);
  expect(
    await rows("select relation, key, removed_at is not null as removed from earlybird.journal"),
  ).toEqual([{ relation: "orders", key: "order-000042", removed: true }]);
  await manager.reapplyStep(1, asked);
  expect(await rows("select id, remark from orders where n = 2")).toEqual([
    { id: "order-000042", remark: "back" },
  ]);
});

test("kept values are listed under their current ids", async () => {
  await database.pool.query(`update lines set remark = 'early', replaces = '${await current(1)}'`);
  await manager.rollbackStep(1, asked);
  await database.pool.query(
    `update lines set remark = 'late', replaces = '${await current(2)}' where line = 1`,
  );
  await manager.reapplyStep(1, asked);
  const kept = () => rows("select key, written::text, parked::text from earlybird.kept_values order by 2");
  const before = await kept();
  await manager.rollbackStep(2, asked);
  expect(await kept()).toEqual([
    { key: '["order-000041", "1"]', written: '{"remark" : "late"}', parked: '{"remark" : "early"}' },
    {
      key: '["order-000041", "1"]',
      written: '{"replaces" : "order-000042"}',
      parked: '{"replaces" : "order-000041"}',
    },
  ]);
  await manager.reapplyStep(2, asked);
  expect(await kept()).toEqual(before);
});

test("numbers can exceed six digits, and continue after those assigned by other writers", async () => {
  await database.pool.query("insert into orders values ('ord_a', 3)");
  await manager.rollbackStep(2, asked);
  await database.pool.query("insert into orders values ('order-1234567', 4)");
  await manager.reapplyStep(2, asked);
  await database.pool.query("insert into orders values ('ord_b', 5), ('order-1234570', 6), ('ord_c', 7)");
  await manager.rollbackStep(2, asked);
  expect(await rows("select id from orders order by n")).toEqual(
    ["000041", "000042", "000043", "1234567", "1234571", "1234570", "1234572"].map((n) => ({
      id: `order-${n}`,
    })),
  );
  await manager.reapplyStep(2, asked);
  expect(await current(5)).toBe("ord_b");
  await manager.rollbackStep(2, asked);
  expect(await current(5)).toBe("order-1234571");
});
