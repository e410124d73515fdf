import { afterAll, beforeAll, expect, test } from "vitest";
import { asked } from "../asked.ts";
import { openTwelveSteps, steps, withDependents } from "../twelve-steps.ts";
import { hireOperators, type Operators } from "./operator.ts";
import type { Moment } from "./statements.ts";
import { type Point, sweep } from "./sweep.ts";

const long = process.env.TEST_LONG !== undefined;

let operators: Operators;
beforeAll(async () => {
  operators = await hireOperators();
});
afterAll(() => operators?.dismiss());

const moments: readonly Moment[] = ["before", "sent"];

/** Every statement, before it was sent and after. */
const everyPoint = (statements: readonly string[]): Point[] =>
  statements.flatMap((_, at) => moments.map((moment) => ({ statement: at + 1, moment })));

/** The commit, on its way, and a few others that lie elsewhere for each `seed`. */
const somePoints =
  (seed: number, sampled = 1) =>
  (statements: readonly string[]): Point[] => {
    const spread = Array.from({ length: sampled }, (_, n): Point => {
      const share = (n + ((seed * 0.618) % 1)) / sampled;
      return {
        statement: 1 + Math.floor(share * statements.length),
        moment: moments[(seed + n) % 2] ?? "sent",
      };
    });
    return [...spread, { statement: statements.lastIndexOf("commit") + 1, moment: "sent" }];
  };

// Two lanes: an operator waits for the database for half of its life.
// One step of each kind of part in the everyday run: columns, two tables, rows, a table, ids, indexes.
const swept = long ? steps : [19, 21, 22, 27, 29, 30];
const lanes = [0, 1].map((half) => {
  const lane = swept.filter((_, at) => at % 2 === half);
  return { lane, named: lane.join(", ") };
});
const timeout = long ? 7_200_000 : 600_000;

test.for(lanes)(
  "killed at any statement on the way there or back, steps $named can be resumed and aborted",
  { concurrent: true, timeout },
  async ({ lane }) => {
    const business = await openTwelveSteps();
    const { manager } = business;
    for (const step of lane) {
      const dependents = withDependents(step).filter((other) => other !== step);
      for (const other of dependents.toReversed()) await manager.rollbackStep(other, asked);
      const points = long ? everyPoint : somePoints(step);
      expect(await sweep(business, operators, { from: step, to: step, points })).toBeGreaterThan(0);
      for (const other of dependents) await manager.reapplyStep(other, asked);
    }
    await business.drop();
  },
);

test("killed in a range of steps, all that came before it is taken back, or the rest is done", {
  timeout,
}, async () => {
  const business = await openTwelveSteps();
  const points = somePoints(5, long ? 40 : 1);
  expect(await sweep(business, operators, { from: 30, to: 19, points })).toBeGreaterThan(0);
  await business.drop();
});
