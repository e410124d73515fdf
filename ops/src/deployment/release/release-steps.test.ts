import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { backfill, columns, defineChange, RollbackManager } from "../../rollback/index.ts";
import type { Release } from "./release.ts";
import { isOutage, releaseSteps } from "./release-steps.ts";

const initials = defineChange({
  step: 1,
  name: "initials",
  title: "Authors have initials",
  requires: [],
  risk: "critical",
  acknowledge: "no initials",
  parts: [
    columns("authors", { initial: { type: "text" } }),
    backfill("authors", "initial", { value: sql`left(this.name, 1)` }),
  ],
});
const artefact = { version: "2.0.0", directory: "/srv", sha256: null };
const release: Release = {
  id: "20270301-1",
  strategy: "canary",
  from: { slot: "blue", artefact },
  to: { slot: "green", artefact },
  steps: { before: [1], after: [] },
  acknowledge: ["no initials"],
  waivers: [],
  requested_by: "ada",
  origin: "test",
  reason: "initials",
  planned_at: "2027-03-01T06:00:00.000Z",
};

let database: TestDatabase;
let manager: RollbackManager;
beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(
    "create table authors (id text primary key, name text); insert into authors values ('a', 'Ada')",
  );
  manager = new RollbackManager({ pool: database.pool, log: quiet, changes: [initials] });
});
afterAll(() => database.drop());

const initialsNow = async () =>
  (await database.pool.query("select initial from authors order by id")).rows.map(({ initial }) => initial);

test("steps are applied and rolled back as often as a conductor repeats it, and nothing is lost", async () => {
  const steps = releaseSteps(async () => manager, release);
  await steps.apply(1);
  await steps.apply(1);
  await database.pool.query("update authors set initial = 'X'");
  await database.pool.query("insert into authors (id, name) values ('b', 'Bo')");
  expect(await steps.settle([1])).toBe(1);
  await steps.rollBack(1);
  await steps.rollBack(1);
  expect(await initialsNow()).toEqual([null, null]);
  await steps.apply(1);
  expect(await initialsNow()).toEqual(["X", "B"]);
  const [entry] = await manager.readLedger({ limit: 1 });
  expect(entry).toMatchObject({ operator: "ada", reason: "release 20270301-1: initials" });
});

test("a step that waits for another session is no failure of the release", async () => {
  const hurried = new RollbackManager({
    pool: database.pool,
    log: quiet,
    changes: [initials],
    patience: { attemptMs: 50, limitMs: 100 },
  });
  const reader = await database.pool.connect();
  await reader.query("begin; select from authors");
  const error = await releaseSteps(async () => hurried, release)
    .rollBack(1)
    .catch((failed: unknown) => failed);
  await reader.query("commit");
  reader.release();
  expect(error).toMatchObject({ code: "EB_LOCK_NOT_OBTAINED" });
  expect(isOutage(error)).toBe(true);
  expect(isOutage(new Error("a view depends on it"))).toBe(false);
});
