import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { defineChange } from "../change/define-change.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "./columns.ts";
import { rows } from "./rows.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };

/** Parcels as an old service keeps them: two key columns, a trigger that stamps rows, checks that come at the commit. */
const schema = `
  create table depots (id integer primary key, name text not null);
  create table "Parcels" (
    depot_id integer not null references depots (id) deferrable initially deferred,
    number   integer not null,
    state    text not null,
    was      text,
    papers   json,
    slip     xml,
    place    point,
    weight   jsonb,
    last_update timestamptz not null default '2020-01-01',
    primary key (depot_id, number),
    unique (number, depot_id) deferrable initially deferred
  );
  create function stamp() returns trigger language plpgsql as $$
    begin new.last_update = clock_timestamp(); return new; end $$;
  create trigger stamp before update on "Parcels" for each row execute function stamp();
  create function look() returns trigger language plpgsql as $$ begin return null; end $$;
  create constraint trigger look after update on "Parcels" deferrable initially deferred for each row execute function look();
  insert into depots values (1, 'north'), (2, 'south');
  insert into "Parcels" (depot_id, number, state, was, papers, slip, place, weight)
    select 1 + n % 2, n, 'sent', 'packed', '{"a": 1,  "a": 2}', '<a/>', point(n, 1), '{"kg": 1.0}' from generate_series(1, 200) n`;

const change = defineChange({
  step: 1,
  name: "sending",
  title: "Parcels are sent",
  requires: [],
  risk: "none",
  parts: [
    columns("Parcels", { sent_at: { type: "timestamptz" }, receipt: { type: "json" } }),
    rows("Parcels", {
      turned: sql`this.state = 'sent' and this.was is not null`,
      undo: {
        state: sql`this.was`,
        papers: sql`json_build_object('was', this.was)`,
        slip: sql`null`,
        place: sql`null`,
        weight: sql`'{"kg": 1}'`,
      },
      missed: {
        journals: ["Parcels"],
        rows: (written) => sql`this.state = 'packed' and (this.depot_id, this.number) in ${written}`,
        set: { was: sql`this.state`, state: sql`'sent'` },
      },
    }),
  ],
});

let database: TestDatabase;
let pool: pg.Pool;
let manager: RollbackManager;
const managerWith = (patience: object) =>
  new RollbackManager({
    pool,
    changes: [change],
    log: quiet,
    patience: { attemptMs: 250, limitMs: 5_000, ...patience },
  });
beforeEach(async () => {
  database = await createTestDatabase();
  ({ pool } = database);
  await pool.query(schema);
  manager = managerWith({});
  await manager.install(asked);
  await pool.query(`update "Parcels" set sent_at = now(), receipt = '{"by":  "Asha"}'`);
});
afterEach(() => database.drop());

const read = async (text: string) => (await pool.query(text)).rows;
const everything = () => read(`select depot_id, number, "Parcels"::text as row from "Parcels" order by 1, 2`);

test("types without equality, a composite key, a stamping trigger: everything comes back bit for bit", async () => {
  const before = await everything();
  const dryRun = await manager.dryRunRollback(1);
  expect(dryRun.steps[0]?.warnings).toEqual([
    expect.stringContaining('Trigger "look"'),
    expect.stringContaining('Trigger "stamp"'),
  ]);
  const { steps } = await manager.rollbackStep(1, asked);
  expect(steps[0]?.rows).toContainEqual({ table: "Parcels", action: "returned", rows: 200 });
  expect(await everything()).not.toEqual(before);
  await manager.reapplyStep(1, asked);
  expect(await everything()).toEqual(before);
  await pool.query(`update "Parcels" set state = 'lost' where number = 1`);
  expect(await read(`select last_update > '2020-01-02' as stamped from "Parcels" where number = 1`)).toEqual([
    { stamped: true },
  ]);
});

test("an edit is found in columns without equality too, and one that only looks the same", async () => {
  await manager.rollbackStep(1, asked);
  await pool.query(`update "Parcels" set place = point(0, 0) where number = 1;
    update "Parcels" set papers = '{"was":"packed"}' where number = 2;
    update "Parcels" set weight = '{"kg": 1.0}' where number = 3;
    update "Parcels" set receipt = '{"by": "Kim"}' where number = 4`);
  const { operation } = await manager.reapplyStep(1, asked);
  const { kept_values } = await manager.getOperationDetails(operation?.id ?? "");
  expect(kept_values.map(({ key, outcome }) => [key, outcome])).toEqual([
    ['["1", "2"]', "kept"],
    ['["1", "4"]', "kept"],
    ['["2", "1"]', "kept"],
    ['["2", "3"]', "kept"],
  ]);
  expect(await read(`select receipt from "Parcels" where number in (4, 5) order by number`)).toEqual([
    { receipt: { by: "Kim" } },
    { receipt: { by: "Asha" } },
  ]);
});

test("the next rollback leaves a kept edit unchanged", async () => {
  await manager.rollbackStep(1, asked);
  // Marked as sent by hand: the change would take it for one that it has turned.
  await pool.query(`update "Parcels" set state = 'sent' where number = 7`);
  await manager.reapplyStep(1, asked);
  await manager.rollbackStep(1, asked);
  expect(await read(`select state from "Parcels" where number in (7, 8) order by number`)).toEqual([
    { state: "sent" },
    { state: "packed" },
  ]);
});

describe("with concurrent writers that do not use the engine", () => {
  // Setting the service's triggers aside would lock writers out, too.
  beforeEach(() => pool.query(`drop trigger stamp on "Parcels"; drop trigger look on "Parcels"`));

  test("a commit while the step waits for its lock is not overwritten", async () => {
    const writer = await pool.connect();
    await writer.query(`begin; update "Parcels" set state = 'lost' where number <= 20`);
    const moved = manager.rollbackStep(1, asked);
    await sleep(150);
    await writer.query("commit");
    writer.release();
    await moved;
    const lost = `select count(*)::int as lost from "Parcels" where state = 'lost'`;
    expect(await read(lost)).toEqual([{ lost: 20 }]);
    await manager.reapplyStep(1, asked);
    expect(await read(lost)).toEqual([{ lost: 20 }]);
  });

  test.each([
    ["quick", 1_000],
    ["long", 2],
  ])(
    "eight of them neither keep a %s step from moving nor lose a write nor meet a deadlock",
    async (_, readersMs) => {
      manager = managerWith({ readersMs, limitMs: 20_000 });
      let stopped = false;
      const refused: unknown[] = [];
      const edits: number[][] = await Promise.all(
        Array.from({ length: 8 }, async (_, writer) => {
          const edited: number[] = [];
          for (let n = 0; n < 25 && !stopped; n++) {
            const number = 1 + writer * 25 + n;
            const text =
              n % 2 === 0
                ? `begin; select from "Parcels" where number = ${number}; select pg_sleep(0.01); update "Parcels" set state = 'edited' where number = ${number}; commit`
                : `begin; update depots set name = name where id = ${1 + (writer % 2)}; update "Parcels" set state = 'edited' where number = ${number}; commit`;
            await pool.query(text).then(
              () => edited.push(number),
              (error) => refused.push(error),
            );
            await sleep(15);
            if (writer === 0 && n % 8 === 2) {
              await manager.rollbackStep(1, asked);
              await manager.reapplyStep(1, asked);
            }
          }
          if (writer === 0) stopped = true;
          return edited;
        }),
      );
      expect(refused).toEqual([]);
      await manager.rollbackStep(1, asked);
      const numbers = edits.flat().sort((a, b) => a - b);
      expect(numbers.length).toBeGreaterThan(50);
      const edited = `select number from "Parcels" where state = 'edited' order by number`;
      expect((await read(edited)).map(({ number }) => number)).toEqual(numbers);
      await manager.reapplyStep(1, asked);
      expect((await read(edited)).map(({ number }) => number)).toEqual(numbers);
    },
  );

  test("a long reader is met before the work: writers hardly wait, and the table does not grow", async () => {
    manager = managerWith({ readersMs: 0, limitMs: 1_500 });
    const reader = await pool.connect();
    await reader.query(`begin; select count(*) from "Parcels"`);
    const size = `select pg_relation_size('"Parcels"') as bytes`;
    const before = await read(size);
    let slowestMs = 0;
    let waiting = true;
    const writing = (async () => {
      while (waiting) {
        const startMs = performance.now();
        await pool.query("update depots set name = name where id = 1");
        await pool.query(`select from "Parcels" where number = 1 for update`);
        slowestMs = Math.max(slowestMs, performance.now() - startMs);
      }
    })();
    await expect(manager.rollbackStep(1, asked)).rejects.toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
    waiting = false;
    await writing;
    await reader.query("commit");
    reader.release();
    expect(slowestMs).toBeLessThan(1_000);
    expect(await read(size)).toEqual(before);
  });
});
