import { createPool } from "@earlybird-ops/platform/database";
import { Kysely, PostgresDialect } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import type { Database } from "../change/change.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { fingerprint } from "../preview/fingerprint.ts";
import { columns } from "./columns.ts";
import { identifiers } from "./identifiers.ts";

const asked = { requestedBy: "ada", origin: "test" };

const ids = identifiers(
  { authors: { before: "author-", now: "aut_" }, poems: { before: "poem-", now: "poe_" } },
  { embedded: [{ table: "poems", column: "quotes", field: "poem", refers: "poems" }] },
);
const nothing = { requires: [], risk: "none" } as const;
const changes = [
  defineChange({
    ...nothing,
    step: 1,
    name: "poem-editor",
    title: "Poems have an editor",
    parts: [columns("poems", { editor: { type: "text", references: "authors.id" } })],
  }),
  defineChange({ ...nothing, step: 2, name: "new-ids", title: "Ids are UUIDs", parts: [ids] }),
];

let database: TestDatabase;
let db: Database;
let manager: RollbackManager;

beforeEach(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  await database.pool.query(`
    create table authors (id text primary key, name text not null);
    create table poems (id text primary key, author text not null references authors (id), quotes jsonb not null default '[]');
    insert into authors values ('author-000041', 'Ada'), ('author-000042', 'Bo');
    insert into poems values ('poem-000001', 'author-000041', '[]'),
      ('poem-000002', 'author-000042', '[{"poem": "poem-000001", "line": 3}, {"poem": "unknown"}]')`);
  manager = new RollbackManager({ pool: database.pool, changes, log: quiet });
  await manager.install(asked);
  await database.pool.query("update poems set editor = author");
});
afterEach(() => database.drop());

const rows = async (query: string) => (await database.pool.query(query)).rows;
const newId = /^(aut|poe)_[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

test("applying rewrites keys, references and ids in JSON, and leaves what refers to nothing", async () => {
  const [first, second] = await rows("select * from poems order by jsonb_array_length(quotes)");
  expect(first.id).toMatch(newId);
  expect(second.author).toMatch(newId);
  expect(second.quotes).toEqual([{ poem: first.id, line: 3 }, { poem: "unknown" }]);
});

describe("rolling back", () => {
  test("gives each row its original id, and rows born after the next number", async () => {
    await database.pool.query(`insert into authors values ('aut_00000000-0000-7000-8000-000000000001', 'Cy'),
      ('aut_00000000-0000-7000-8000-000000000002', 'Di')`);
    await manager.rollbackStep(2, asked);
    expect(await rows("select id, name from authors order by name")).toEqual([
      { id: "author-000041", name: "Ada" },
      { id: "author-000042", name: "Bo" },
      { id: "author-000043", name: "Cy" },
      { id: "author-000044", name: "Di" },
    ]);
    expect(await rows("select id, author, quotes from poems order by id")).toEqual([
      { id: "poem-000001", author: "author-000041", quotes: [] },
      {
        id: "poem-000002",
        author: "author-000042",
        quotes: [{ poem: "poem-000001", line: 3 }, { poem: "unknown" }],
      },
    ]);
  });

  test("and re-applying returns every id exactly; rows born meanwhile get a new one", async () => {
    const before = await fingerprint(db);
    await manager.rollbackStep(2, asked);
    await manager.reapplyStep(2, asked);
    expect(await fingerprint(db)).toEqual(before);
    await manager.rollbackStep(2, asked);
    await database.pool.query("insert into authors values ('author-000099', 'Di')");
    await manager.reapplyStep(2, asked);
    const [born] = await rows("select id from authors where name = 'Di'");
    expect(born.id).toMatch(newId);
    await manager.rollbackStep(2, asked);
    expect(await rows("select id from authors where name = 'Di'")).toEqual([{ id: "author-000099" }]);
  });

  test("and re-applying leaves rows inserted with a new id unchanged", async () => {
    await manager.rollbackStep(2, asked);
    const early = "aut_00000000-0000-7000-8000-000000000001";
    await database.pool.query(`insert into authors values ('${early}', 'Cy')`);
    await database.pool.query(`insert into poems values ('poem-000009', '${early}', '[]', null)`);
    await manager.reapplyStep(2, asked);
    expect(await rows("select id from authors where name = 'Cy'")).toEqual([{ id: early }]);
    expect(
      await rows(`select count(*)::int from poems where author = '${early}' and id like 'poe!_%' escape '!'`),
    ).toEqual([{ count: 1 }]);
    expect(await rows("select count(*)::int from poems p join authors a on a.id = p.author")).toEqual([
      { count: 3 },
    ]);
  });

  test("restores documents that differ only in number format, and values that are not documents", async () => {
    await database.pool.query(`alter table poems alter quotes drop not null`);
    const written = [
      "[]",
      '[{"line": 1}]',
      '[{"line": 1.0}]',
      '[{"line": 1.00}]',
      '{"poem": 1}',
      "null",
      "7",
    ];
    await manager.rollbackStep(2, asked);
    const id = (await rows("select id from authors limit 1"))[0].id;
    for (const [n, quotes] of [...written, null].entries())
      await database.pool.query("insert into poems values ($1, $2, $3, null)", [`poem-1000${n}`, id, quotes]);
    const read = async () =>
      (await rows("select quotes::text from poems where id like 'poem-1000%' order by id")).map(
        ({ quotes }) => quotes,
      );
    await manager.reapplyStep(2, asked);
    await manager.rollbackStep(2, asked);
    expect(await read()).toEqual([...written, null]);
  });

  test("rewrites values parked by another step, so that they keep their references", async () => {
    await manager.rollbackStep(1, asked);
    await manager.rollbackStep(2, asked);
    await manager.reapplyStep(1, asked);
    expect(await rows("select id, editor from poems order by id")).toEqual([
      { id: "poem-000001", editor: "author-000041" },
      { id: "poem-000002", editor: "author-000042" },
    ]);
  });

  test("keeps the foreign keys, and works for a role that cannot disable their triggers", async () => {
    const owner = `owner_${Date.now()}`;
    await database.pool.query(`create role ${owner}; grant ${owner} to current_user;
      alter table authors owner to ${owner}; alter table poems owner to ${owner};
      grant all on schema public to ${owner}; alter schema earlybird owner to ${owner};
      grant all on all tables in schema earlybird to ${owner}; grant all on all sequences in schema earlybird to ${owner};
      grant execute on function earlybird.append_to_ledger(text) to ${owner}`);
    for (const {
      kind,
      name,
    } of await rows(`select case relkind when 'S' then 'sequence' else 'table' end as kind,
      oid::regclass::text as name from pg_class where relnamespace = 'earlybird'::regnamespace and relkind in ('r', 'S')
      and not exists (select from pg_depend d where d.objid = pg_class.oid and d.deptype = 'i')`)) {
      await database.pool.query(`alter ${kind} ${name} owner to ${owner}`);
    }
    const before = await fingerprint(db);
    const pool = createPool(database.url, { options: `-c role=${owner}` });
    const plainManager = new RollbackManager({ pool, changes, log: quiet });
    expect((await pool.query("select current_user as who")).rows).toEqual([{ who: owner }]);
    await plainManager.rollbackStep(2, asked);
    expect(await rows("select id from authors where name = 'Ada'")).toEqual([{ id: "author-000041" }]);
    await plainManager.reapplyStep(2, asked);
    expect(await fingerprint(db)).toEqual(before);
    await pool.end();
    await database.pool.query(
      `reassign owned by ${owner} to current_user; drop owned by ${owner}; drop role ${owner}`,
    );
  });
});

test("an id of either style resolves in both states", async () => {
  const [{ id }] = await rows("select id from authors where name = 'Ada'");
  expect(await ids.resolve(db, ["author-000041", id, "author-777777"])).toEqual(
    new Map([["author-000041", id]]),
  );
  await manager.rollbackStep(2, asked);
  expect(await ids.resolve(db, ["author-000041", id])).toEqual(new Map([[id, "author-000041"]]));
});
