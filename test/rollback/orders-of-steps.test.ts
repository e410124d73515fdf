import { afterAll, beforeAll, expect, test } from "vitest";
import { asked } from "./asked.ts";
import { openTwelveSteps, type SmallBusiness, steps, wholeState, withDependents } from "./twelve-steps.ts";

let business: SmallBusiness;
const away = new Set<number>();
/** What was found in a state, by the steps that are away in it. */
const seen = new Map<string, unknown>();

beforeAll(async () => {
  business = await openTwelveSteps();
  seen.set("", await wholeState(business.db));
});
afterAll(() => business?.drop());

/** Whichever way led here: the same steps away, the same database. */
const compare = async (move: string): Promise<void> => {
  const key = [...away].sort((a, b) => a - b).join(" ");
  const found = await wholeState(business.db);
  if (seen.has(key)) expect(found, `${move}, after which ${key || "none"} are away`).toEqual(seen.get(key));
  else seen.set(key, found);
};

/** Rolls a step back with all that depend on it; answers those that went. */
const rollBack = async (step: number): Promise<number[]> => {
  const { steps: moved } = await business.manager.rollbackStep(step, asked);
  const gone = moved.map((receipt) => receipt.step);
  for (const each of gone) away.add(each);
  expect([...away]).toEqual(expect.arrayContaining(withDependents(step)));
  await compare(`rolling back ${step}`);
  return gone;
};

const reapply = async (gone: readonly number[]): Promise<void> => {
  for (const step of [...gone].sort((a, b) => a - b)) {
    await business.manager.reapplyStep(step, asked);
    away.delete(step);
  }
  await compare(`re-applying ${gone}`);
};

// A then B is compared with B then A; from there B comes back while A is away, and A while B is: all four
// ways to undo and redo two steps.
// The everyday run takes one step of each kind of part.
const paired = process.env.TEST_LONG === undefined ? [19, 20, 22, 27, 29, 30] : steps;

test("any two steps go and come back in either order, and leave the same database", async () => {
  for (const first of paired) {
    const goneFirst = await rollBack(first);
    for (const second of paired) {
      if (away.has(second)) continue;
      await reapply(await rollBack(second));
    }
    await reapply(goneFirst);
  }
  expect(await business.manager.verifyLedger()).toMatchObject({ ok: true });
}, 600_000);
