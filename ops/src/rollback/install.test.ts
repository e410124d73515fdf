import { Kysely, PostgresDialect } from "kysely";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/support/database.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { type Database, defineChange } from "./change.ts";
import { RollbackManager } from "./manager.ts";
import { columns } from "./parts/columns.ts";
import { readStates } from "./status.ts";

const asked = { requestedBy: "ada", origin: "test" };
const nothing = { requires: [], risk: "none", impact: async () => [], verify: async () => [] } as const;
const changes = ["authors", "poems"].map((table, at) =>
  defineChange({
    ...nothing,
    step: at + 1,
    name: `${table}-note`,
    title: `There are notes on ${table}`,
    parts: [columns(table, { note: { type: "text" } })],
  }),
);

let database: TestDatabase;
let db: Database;
let manager: RollbackManager;
beforeEach(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  await database.pool.query(
    "create table authors (id text primary key); create table poems (id text primary key)",
  );
  manager = new RollbackManager({
    pool: database.pool,
    changes,
    log: quiet,
    patience: { attemptMs: 50, limitMs: 300 },
  });
});
afterEach(() => database.drop());

test("a change that cannot have its table is refused by the name of who holds it; the next start applies it", async () => {
  const reader = await database.pool.connect();
  await reader.query("begin; select count(*) from poems");
  await expect(manager.install(asked)).rejects.toMatchObject({
    code: "EB_LOCK_NOT_OBTAINED",
    detail: expect.stringContaining("select count(*) from poems"),
  });
  expect([...(await readStates(db)).keys()]).toEqual([1]);
  expect(await manager.listOperations(1)).toMatchObject([{ kind: "apply", state: "failed", steps: [1, 2] }]);
  await reader.query("commit");
  reader.release();
  await manager.install(asked);
  expect([...(await readStates(db)).keys()]).toEqual([1, 2]);
});

test("a failed application is no operation to resume or to abort", async () => {
  const reader = await database.pool.connect();
  await reader.query("begin; select count(*) from poems");
  await expect(manager.install(asked)).rejects.toThrow();
  await reader.query("commit");
  reader.release();
  await expect(manager.resume(undefined, asked)).rejects.toMatchObject({ code: "EB_NOTHING_TO_RESUME" });
  await expect(manager.abort(undefined, asked)).rejects.toMatchObject({ exitStatus: 4 });
});
