import { Kysely, PostgresDialect } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../../test/support/database.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { type Database, RollbackManager } from "../../rollback/index.ts";
import type { JournalEntry } from "./journal.ts";
import { ReleaseMirror } from "./mirror.ts";
import type { Release } from "./release.ts";

let database: TestDatabase;
let db: Database;
let manager: RollbackManager;
beforeAll(async () => {
  database = await createTestDatabase();
  db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  manager = new RollbackManager({ pool: database.pool, changes: [], log: quiet });
  await manager.install({ requestedBy: "ada", origin: "test" });
});
afterAll(() => database.drop());

const artefact = { version: "1.0.0", directory: "/srv", sha256: null };
const release: Release = {
  id: "20270301-1",
  strategy: "canary",
  from: { slot: "blue", artefact },
  to: { slot: "green", artefact },
  steps: { before: [], after: [] },
  acknowledge: [],
  waivers: [],
  requested_by: "ada",
  origin: "cli host",
  reason: "prices",
  planned_at: "2027-03-01T06:00:00.000Z",
};
const at = "2027-03-01T06:01:00.000Z";
const entries: JournalEntry[] = [
  { type: "state", at, state: "preflight", reason: null, outage: false },
  { type: "intent", at, act: "preflight", direction: "do" },
  { type: "command", at, id: "1", command: "revert", by: "bo", reason: "a bill is wrong" },
  { type: "state", at, state: "reverting", reason: "bo: a bill is wrong", outage: false },
  { type: "state", at, state: "reverted", reason: "bo: a bill is wrong", outage: false },
];

test("two conductors and many copies make one record of each event, and one entry in the ledger", async () => {
  const mirrors = [1, 2].map(() => new ReleaseMirror({ db, release, log: quiet }));
  await mirrors[0]?.copy(entries.slice(0, 2));
  await mirrors[0]?.copy(entries.slice(0, 2));
  await mirrors[1]?.copy(entries);
  await mirrors[0]?.copy(entries);
  const { rows } = await database.pool.query("select seq, event from earlybird.release_events order by seq");
  expect(rows).toEqual(entries.map((event, n) => ({ seq: n + 1, event })));
  const stored = await database.pool.query("select id, state, plan from earlybird.releases");
  expect(stored.rows).toEqual([{ id: release.id, state: "reverted", plan: release }]);
  const ledger = await manager.readLedger({ limit: 10 });
  expect(ledger.toReversed().map(({ action, operator, reason }) => [action, operator, reason])).toEqual([
    ["release", "ada", "prices"],
    ["release-revert", "bo", "a bill is wrong"],
    ["release", "ada", "prices"],
    ["release", "ada", "prices"],
  ]);
  expect(await manager.verifyLedger()).toMatchObject({ ok: true });
});

test("what happened while the database was away is recorded when it is back", async () => {
  const another = { ...release, id: "20270301-2" };
  const mirror = new ReleaseMirror({ db, release: another, log: quiet });
  await database.pool.query("alter table earlybird.releases rename to away");
  await mirror.copy(entries.slice(0, 3));
  await database.pool.query("alter table earlybird.away rename to releases");
  await mirror.copy(entries);
  const { rows } = await database.pool.query(
    "select count(*)::int as events from earlybird.release_events where release = $1",
    [another.id],
  );
  expect(rows).toEqual([{ events: 5 }]);
});
