import { systemClock } from "@earlybird-ops/platform";
import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import type { Database } from "../change/change.ts";
import { readWithin } from "../database/read-within.ts";
import { RollbackManager } from "../manager.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const clock = new StandingClock("2026-03-10T06:00:00Z");

let shelf: Shelf;
let manager: RollbackManager;
let computed = 0;
let statement = "select count(*) as value from loans";
const impact = async (db: Database) => {
  computed += 1;
  const { rows } = await sql<{ value: string }>`${sql.raw(statement)}`.execute(db);
  return [{ label: "loans", value: Number(rows[0]?.value), unit: "loans" }];
};

beforeAll(async () => {
  shelf = await createShelf();
});
beforeEach(() => {
  computed = 0;
  const changes = shelfChanges.map((change) => (change.step === 2 ? { ...change, impact } : change));
  manager = new RollbackManager({ pool: shelf.pool, changes, log: quiet, clock });
});
afterAll(() => shelf?.drop());

test("a preview is kept for a minute, shared by requests at the same time, and computed anew after a move", async () => {
  const [preview, same] = await Promise.all([manager.preview(2), manager.preview(2)]);
  expect(preview).toEqual({
    step: 2,
    direction: "rollback",
    impact: [{ label: "loans", value: 12, unit: "loans", group: null, key: "loans", headline: true }],
    complete: true,
    computed_at: "2026-03-10T06:00:00.000Z",
  });
  expect(same).toBe(preview);
  clock.advanceMs(59_000);
  expect(await manager.preview(2)).toBe(preview);
  expect(computed).toBe(1);
  clock.advanceMs(2_000);
  expect(await manager.preview(2)).not.toBe(preview);
  expect(computed).toBe(2);
  await manager.rollbackStep(2, asked);
  expect(await manager.preview(2)).toMatchObject({ direction: "reapply", impact: [], complete: true });
  await manager.reapplyStep(2, asked);
  expect(await manager.preview(2)).toMatchObject({ direction: "rollback", impact: [{ value: 12 }] });
});

test("an impact that writes is refused, and nothing of it is kept", async () => {
  statement = "delete from loans returning id as value";
  await expect(manager.preview(2)).rejects.toThrowError(/accepts no writes/);
  statement = "select count(*) as value from loans";
  expect(await manager.preview(2)).toMatchObject({ impact: [{ value: 12 }] });
});

test("a step that is not registered has no preview", async () => {
  await expect(manager.preview(9)).rejects.toMatchObject({ code: "EB_STEP_UNKNOWN" });
});

test("reading ends at its limit, whichever statement runs, and leaves the connection as it was", async () => {
  const reading = { pool: shelf.pool, clock: systemClock };
  const pauses = (count: number) => async (db: Database) => {
    for (let pause = 0; pause < count; pause++) await sql`select pg_sleep(0.02)`.execute(db);
    return "done";
  };
  expect(await readWithin(reading, 5_000, pauses(2))).toBe("done");
  const startMs = performance.now();
  expect(await readWithin(reading, 60, pauses(100))).toBeUndefined();
  expect(performance.now() - startMs).toBeLessThan(1_500);
  const { rows } = await shelf.pool.query("show statement_timeout");
  expect(rows).toEqual([{ statement_timeout: "0" }]);
});
