import { setTimeout as sleep } from "node:timers/promises";
import type { RollbackManager } from "@earlybird-ops/platform/rollback";
import type pg from "pg";
import { expect } from "vitest";
import { asked } from "../asked.ts";
import { type SmallBusiness, wholeState } from "../twelve-steps.ts";
import type { Operators, Task } from "./operator.ts";
import type { Moment } from "./statements.ts";

/** A statement at which an operator is to die. */
export interface Point {
  statement: number;
  moment: Moment;
}

type State = Awaited<ReturnType<typeof wholeState>>;

/** Both ends of the way, as they are when nobody dies on it. */
interface Ends {
  before: State;
  after: State;
}

/**
 * Lets operators die at points of the way there and of the way back. From each wreck the operation is
 * aborted, and from another one like it resumed; all of them end where they should.
 */
export const sweep = async (
  business: SmallBusiness,
  operators: Operators,
  { from, to, points }: { from: number; to: number; points: (statements: readonly string[]) => Point[] },
): Promise<number> => {
  const before = await wholeState(business.db);
  const there: Task = { direction: "rollback", from, to };
  const back: Task = { direction: "reapply", from, to };
  const pointsThere = points(await operators.work(business.url, there));
  const after = await wholeState(business.db);
  const pointsBack = points(await operators.work(business.url, back));
  expect(await wholeState(business.db)).toEqual(before);

  const way = { there: { before, after }, back: { before: after, after: before } };
  for (let n = 0; n < Math.max(pointsThere.length, pointsBack.length); n++) {
    const [pointThere = pointsThere.at(-1), pointBack = pointsBack.at(-1)] = [pointsThere[n], pointsBack[n]];
    if (!pointThere || !pointBack) throw new Error("an operation without statements");
    await crash(business, operators, { task: there, ends: way.there, point: pointThere, ending: "abort" });
    await crash(business, operators, { task: there, ends: way.there, point: pointThere, ending: "resume" });
    await crash(business, operators, { task: back, ends: way.back, point: pointBack, ending: "abort" });
    await crash(business, operators, { task: back, ends: way.back, point: pointBack, ending: "resume" });
  }
  expect(await business.manager.verifyLedger()).toMatchObject({ ok: true });
  return pointsThere.length + pointsBack.length;
};

interface Crash {
  task: Task;
  ends: Ends;
  point: Point;
  ending: "resume" | "abort";
}

/** Ends at `ends.before` when it was aborted, at `ends.after` when it was resumed. */
const crash = async (business: SmallBusiness, operators: Operators, planned: Crash): Promise<void> => {
  const { url, db, pool, manager } = business;
  const { task, ends, point, ending } = planned;
  const story = `${task.direction} ${task.from}..${task.to}, killed ${point.moment} statement ${point.statement}, ${ending}`;
  const [last] = await manager.listOperations(1);
  await operators.die(url, task, point);
  await untilGone(pool);
  const [operation] = await manager.listOperations(1);
  const begun = operation !== undefined && operation.id !== last?.id;
  if (begun && operation.state === "interrupted") {
    await expectStepWhole(business, planned, story);
    const { operation: ended } = await manager[ending](undefined, asked);
    expect(ended?.state, story).toBe(ending === "resume" ? "completed" : "aborted");
  } else {
    // It died before it had begun or after it had ended, and left nothing to take up.
    await expect(manager[ending](undefined, asked), story).rejects.toMatchObject({
      code: "EB_NOTHING_TO_RESUME",
    });
    expect(await wholeState(db), story).toEqual(begun ? ends.after : ends.before);
    const forth = ending === "resume" && !begun;
    const undo = ending === "abort" && begun;
    if (forth || undo) await move(manager, task, undo);
  }
  expect(await wholeState(db), story).toEqual(ending === "resume" ? ends.after : ends.before);
};

/** A wreck is what it was before its step or what it is after it, to the bit. */
const expectStepWhole = async (
  { db }: SmallBusiness,
  { task: { from, to }, ends }: Crash,
  story: string,
): Promise<void> => {
  if (from !== to) return;
  const found = await wholeState(db);
  const moved = found.applied.length !== ends.before.applied.length;
  const expected = moved ? ends.after : ends.before;
  // Indexes of step 30 come and go one by one, outside of any transaction.
  const schema = from === 30 ? found.schema : expected.schema;
  const hash = from === 30 ? found.hash : expected.hash;
  expect(found, story).toEqual({ ...expected, schema, hash });
};

const move = (manager: RollbackManager, { direction, from, to }: Task, opposite: boolean) => {
  const rollback = (direction === "rollback") !== opposite;
  return rollback ? manager.rollbackSteps(from, to, asked) : manager.reapplySteps(from, to, asked);
};

const patienceMs = 10_000;

/** A statement that was sent goes on for a moment when nobody is left to hear its answer. */
const untilGone = async (pool: pg.Pool): Promise<void> => {
  for (const giveUp = performance.now() + patienceMs; performance.now() < giveUp; await sleep(5)) {
    const { rowCount } = await pool.query(
      `select from pg_stat_activity where datname = current_database()
         and application_name in ('operator', 'earlybird rollback') limit 1`,
    );
    if (rowCount === 0) return;
  }
  throw new Error("the connections of a dead operator are still there");
};
