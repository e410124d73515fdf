import { afterEach, beforeEach, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { createPool } from "../../database/index.ts";
import { RollbackManager } from "../manager.ts";
import { fingerprint } from "../preview/fingerprint.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
let shelf: Shelf;
beforeEach(async () => {
  shelf = await createShelf();
});
afterEach(() => shelf.drop());

test.each([
  ["search_path", "elsewhere, public"],
  ["default_transaction_isolation", "serializable"],
  ["default_transaction_read_only", "on"],
  ["statement_timeout", "50ms"],
  ["lock_timeout", "1ms"],
  ["datestyle", "SQL, DMY"],
  ["idle_in_transaction_session_timeout", "1ms"],
  ["bytea_output", "escape"],
])("a database that sets %s to %s moves steps as any other", async (name, value) => {
  const database = new URL(shelf.url).pathname.slice(1);
  // Where the search path leads: a table of the same name, which is none of the service's.
  await shelf.pool.query("create schema elsewhere; create table elsewhere.loans (id integer primary key)");
  await shelf.pool.query("update loans set state_before = state_before");
  const before = await fingerprint(shelf.db);
  await shelf.pool.query(
    `alter database ${database} set ${name} = ${name === "search_path" ? value : `'${value}'`}`,
  );
  const pool = createPool(shelf.url);
  try {
    const manager = new RollbackManager({
      pool,
      changes: shelfChanges,
      log: quiet,
      patience: { attemptMs: 250, limitMs: 5_000 },
    });
    // Longer than a millisecond, and a writer to wait for.
    const writer = await shelf.pool.connect();
    await writer.query("begin; update loans set title = title");
    setTimeout(() => void writer.query("commit").then(() => writer.release()), 200);
    await manager.rollbackSteps(1, 2, asked);
    expect(
      (await shelf.pool.query("select count(*)::int as full from public.loans where book_id is not null"))
        .rows,
    ).toEqual([{ full: 0 }]);
    await shelf.pool.query("update public.loans set title = 'Kim' where id = 1");
    await manager.reapplySteps(1, 2, asked);
    expect(await manager.prove({ steps: [1, 2], range: true }, asked)).toMatchObject({ proven: true });
    await shelf.pool.query("update public.loans set title = 'Kim' where id = 1");
  } finally {
    await pool.end();
    await shelf.pool.query(`alter database ${database} reset ${name}`);
  }
  expect((await fingerprint(shelf.db)).schema).toEqual(before.schema);
});

test("a connection goes back to the pool with the settings that it came with", async () => {
  const pool = createPool(shelf.url, { max: 2, options: "-c statement_timeout=12345" });
  // As a service does that sets something of its own on each connection.
  pool.on("connect", (client) => void client.query("set search_path = public; set datestyle = 'SQL, DMY'"));
  const manager = new RollbackManager({ pool, changes: shelfChanges, log: quiet });
  const settings = async () =>
    (
      await pool.query(
        "select name, setting from pg_settings where name ~ 'timeout|path|DateStyle|isolation|row_security|application|output|commit|parallel' order by 1",
      )
    ).rows;
  const before = await settings();
  await manager.rollbackStep(2, asked);
  for (let n = 0; n < 3; n++) expect(await settings()).toEqual(before);
  await pool.end();
});
