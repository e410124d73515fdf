import { sql } from "kysely";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import type { Part } from "../change/change.ts";
import { noneOf } from "../change/checks.ts";
import { defineChange } from "../change/define-change.ts";
import { parseSteps } from "../change/step-range.ts";
import { danglingRows, foreignKeysOf } from "../database/foreign-keys.ts";
import { RollbackManager } from "../manager.ts";
import { columns } from "../parts/columns.ts";
import { inertPart } from "../parts/inert-part.ts";
import { fingerprint } from "./fingerprint.ts";

const by = { requestedBy: "ada", origin: "test" };
let shelf: Shelf;
beforeEach(async () => {
  shelf = await createShelf();
});
afterEach(() => shelf.drop());

const all = parseSteps("1..3", [1, 2, 3]);

test("steps that restore everything are proven, and the certificate is in the ledger", async () => {
  const before = await fingerprint(shelf.db);
  const certificate = await shelf.manager.prove(all, by);
  expect(certificate).toMatchObject({ steps: [3, 2, 1], proven: true, differences: [], before: before.hash });
  expect(await fingerprint(shelf.db)).toEqual(before);
  const [entry] = await shelf.manager.readLedger({ limit: 1 });
  expect(entry).toMatchObject({ action: "prove", operator: "ada", steps: [3, 2, 1], result: certificate });
});

test("a step is proven together with those that depend on it", async () => {
  expect(await shelf.manager.prove(parseSteps("1", [1, 2, 3]), by)).toMatchObject({
    steps: [2, 1],
    proven: true,
  });
});

describe("a change declared wrongly", () => {
  const faulty = (part: Partial<Part>) => {
    const change = defineChange({
      step: 4,
      name: "faulty",
      title: "Something is lost on the way back",
      requires: [],
      risk: "low",
      parts: [{ ...inertPart, kind: "faulty", ...part }],
    });
    return new RollbackManager({ pool: shelf.pool, changes: [...shelfChanges, change], log: quiet });
  };
  const proveStep4 = async (part: Partial<Part>) => {
    const manager = faulty(part);
    await manager.install(by);
    const before = await fingerprint(shelf.db);
    const certificate = await manager.prove(parseSteps("4", manager.steps), by);
    expect(await fingerprint(shelf.db)).toEqual(before);
    expect((await manager.readLedger({ limit: 1 }))[0]?.result).toEqual(certificate);
    return certificate;
  };

  test("that loses a row is not proven, and the table is named", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) => void (await sql`delete from loans where id = 7`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["loans"] });
    expect(certificate.after).not.toBe(certificate.before);
  });

  test("that changes a value without changing the number of rows is not proven either", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) => void (await sql`update books set title = 'Emma.' where id = 1`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["books"] });
  });

  test("that leaves an index behind is not proven, and the schema is named", async () => {
    const certificate = await proveStep4({
      swap: async ({ db }) =>
        void (await sql`create index if not exists left_behind on loans (title)`.execute(db)),
    });
    expect(certificate).toMatchObject({ proven: false, differences: ["schema"] });
  });
});

describe("a foreign key violated while triggers are disabled", () => {
  /** Step 5 touches a table that others refer to, in every way in which a key can be declared. */
  const withKeys = async () => {
    await shelf.pool.query(`
      create table "Halls" (wing text, hall integer, primary key (wing, hall));
      create table shelves (id integer primary key, wing text, hall integer, seen text collate "C");
      create table marks (mark text unique);
      alter table shelves add constraint "in a hall" foreign key (wing, hall) references "Halls" match full not valid;
      alter table shelves validate constraint "in a hall";
      alter table shelves add foreign key (seen) references marks (mark);
      create table stock (wing text, hall integer, book integer primary key,
        foreign key (wing, hall) references "Halls" on delete set null);
      insert into "Halls" values ('east', 1), ('west', 2);
      insert into marks values ('x');
      insert into shelves values (1, 'east', 1, 'x'), (2, null, null, null);
      insert into stock values ('east', 1, 7), (null, 9, 8)`);
    const change = defineChange({
      step: 5,
      name: "halls",
      title: "Halls are known",
      requires: [],
      risk: "low",
      parts: [
        columns("Halls", { colour: { type: "text" } }),
        columns("shelves", { colour: { type: "text" } }),
      ],
    });
    const manager = new RollbackManager({ pool: shelf.pool, changes: [...shelfChanges, change], log: quiet });
    await manager.install(by);
    return manager;
  };
  const untriggered = (statement: string) =>
    shelf.pool.query(`set session_replication_role = replica; ${statement}; reset session_replication_role`);

  test("is listed with a count and examples, whichever of its tables the step touches", async () => {
    const manager = await withKeys();
    expect(await manager.prove(parseSteps("5", manager.steps), by)).toMatchObject({ proven: true });
    await untriggered(`insert into shelves values (3, 'east', null, 'y'), (4, 'south', 3, 'x');
      insert into stock values ('south', 3, 9), ('south', null, 10)`);
    const certificate = await manager.prove(parseSteps("5", manager.steps), by);
    expect(certificate.proven).toBe(false);
    expect(certificate.differences.sort()).toEqual([
      "foreign key in a hall of shelves holds: 2 found, among them east, south, 3",
      "foreign key shelves_seen_fkey of shelves holds: 1 found, among them y",
      "foreign key stock_wing_hall_fkey of stock holds: 1 found, among them south, 3",
    ]);
  });

  test("fails a check after the commit of a move", async () => {
    const manager = await withKeys();
    await untriggered("delete from marks");
    await expect(manager.rollbackStep(5, by)).rejects.toMatchObject({
      code: "EB_CHECKS_FAILED",
      extra: {
        failed: ["5: foreign key shelves_seen_fkey of shelves holds (1 found, among them x)"],
      },
    });
    await untriggered("insert into marks values ('x')");
    const { steps } = await manager.reapplyStep(5, by);
    expect(steps[0]?.checks).toContainEqual({
      name: "foreign key stock_wing_hall_fkey of stock holds",
      ok: true,
      detail: "none found",
    });
  });

  test("is listed when it is a period that is no longer covered", async () => {
    await shelf.pool.query(`
      create table leases (hall int4range, held daterange, primary key (hall, held without overlaps));
      create table visits (id integer primary key, hall int4range, held daterange,
        foreign key (hall, period held) references leases (hall, period held));
      insert into leases values ('[1,2)', '[2026-01-01,2026-02-01)'), ('[1,2)', '[2026-02-01,2026-03-01)');
      insert into visits values (1, '[1,2)', '[2026-01-15,2026-02-15)'), (2, null, '[2020-01-01,2020-02-01)')`);
    const checks = async () => {
      const [key] = await foreignKeysOf(shelf.db, ["visits"]);
      return key && noneOf(shelf.db, key.name, danglingRows(key));
    };
    expect(await checks()).toMatchObject({ ok: true });
    await untriggered("delete from leases where held @> date '2026-02-01'");
    expect(await checks()).toMatchObject({ ok: false, detail: expect.stringContaining("1 found") });
  });

  test("is ignored while not validated: its old rows can be dangling", async () => {
    const manager = await withKeys();
    await shelf.pool.query(`create table old (wing text, hall integer); insert into old values ('gone', 1);
      alter table old add foreign key (wing, hall) references "Halls" not valid`);
    expect(await manager.prove(parseSteps("5", manager.steps), by)).toMatchObject({ proven: true });
  });
});

test("above the row limit a proof needs a copy, and runs if `unlimited` is set", async () => {
  await shelf.pool.query("analyze");
  const limited = new RollbackManager({
    pool: shelf.pool,
    changes: shelfChanges,
    log: quiet,
    rowLimits: { proof: 10 },
  });
  await expect(limited.prove(all, by)).rejects.toMatchObject({
    code: "EB_PROOF_TOO_LARGE",
    exitStatus: 4,
    remedy: expect.stringContaining("--on"),
  });
  expect(await limited.prove(all, by, { unlimited: true })).toMatchObject({ proven: true });
});
