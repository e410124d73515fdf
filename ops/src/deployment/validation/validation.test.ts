import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { CheckResult, ValidationPhase } from "./check.ts";
import { readValidation } from "./report.ts";
import { validation } from "./validation.ts";

const minute = 60_000;
let file: string;
let clock: StandingClock;
let results: Record<"health" | "slope", CheckResult | Error>;
const ok = { verdict: "SUCCESS", evidence: "fine" } as const;
beforeEach(async () => {
  file = join(await makeTemporaryDirectory(), "validation.json");
  clock = new StandingClock("2027-03-01T06:00:00Z");
  results = { health: ok, slope: ok };
});

const check = (name: keyof typeof results) => ({
  name,
  run: async () => {
    const result = results[name];
    if (result instanceof Error) throw result;
    return result;
  },
});
const phases: ValidationPhase[] = [
  { name: "alive", endsAfterMs: 15 * minute, checks: [check("health")] },
  { name: "performance", endsAfterMs: 120 * minute, checks: [check("health"), check("slope")] },
];
const gate = () => validation({ phases, file, clock, everyMs: minute });
const since = new Date("2027-03-01T06:00:00Z");

test("phases end one after the other, also when another conductor goes on", async () => {
  const look = gate();
  expect(await look({ since })).toEqual({ verdict: "wait" });
  clock.advanceMs(15 * minute);
  expect(await look({ since })).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([{ phase: "alive", verdict: "SUCCESS", ended: true }]);
  clock.advanceMs(105 * minute);
  expect(await gate()({ since })).toEqual({ verdict: "pass" });
  expect(await gate()({ since })).toEqual({ verdict: "pass" });
});

test("a check that fails reverts at once, with its evidence", async () => {
  const look = gate();
  await look({ since });
  results.health = { verdict: "FAIL", evidence: "3 of 20 requests failed" };
  // Between two looks nothing is asked.
  expect(await look({ since })).toEqual({ verdict: "wait" });
  clock.advanceMs(minute);
  expect(await look({ since })).toEqual({
    verdict: "revert",
    reason: "alive: health: 3 of 20 requests failed",
  });
});

test("what cannot be known extends a phase, and never ends it", async () => {
  results.health = new Error("the database is away");
  const look = gate();
  clock.advanceMs(60 * minute);
  expect(await look({ since })).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([
    { verdict: "UNKNOWN", ended: false, checks: [{ evidence: "the database is away" }] },
  ]);
  results.health = ok;
  clock.advanceMs(minute);
  await look({ since });
  expect(await readValidation(file)).toMatchObject([{ ended: true }]);
});
