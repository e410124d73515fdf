import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { evaluate, type RuleState, type Verdict } from "./evaluate.ts";

const patience = { failuresToFire: 2, successesToResolve: 2 };

/** Observations, one a second, `x` failing and `.` not; what happened at each, by one letter. */
const play = (observations: string, from = patience): { told: string; verdicts: Verdict[] } => {
  let state: RuleState = { state: "inactive" };
  const verdicts = [...observations].map((observed, second) => {
    const verdict = evaluate(from, state, { failing: observed === "x", atMs: second * 1000 });
    state = verdict.next;
    return verdict;
  });
  const letters = { none: "-", fired: "F", resolved: "R" };
  return { told: verdicts.map(({ transition }) => letters[transition]).join(""), verdicts };
};

describe("with two failures to fire and two successes to resolve", () => {
  test.each([
    { why: "all is well", observations: "....", told: "----" },
    { why: "one failure is a hiccup", observations: ".x.x.", told: "-----" },
    { why: "two in a row fire, once", observations: ".xxxxx", told: "--F---" },
    { why: "two successes resolve, once", observations: "xx....", told: "-F-R--" },
    { why: "one success is not a recovery", observations: "xx.x.x..", told: "-F-----R" },
    { why: "it can fire again", observations: "xx..xx", told: "-F-R-F" },
    { why: "it needs two failures again", observations: "xx..x.", told: "-F-R--" },
  ])("$why: $observations", ({ observations, told }) => {
    expect(play(observations).told).toBe(told);
  });

  test("a failure counts from the first of its observations and lasts until the first success in a row", () => {
    const { verdicts } = play(".xxx.x.." as string);
    expect(verdicts[2]).toMatchObject({ transition: "fired", sinceMs: 1000 });
    expect(verdicts[7]).toMatchObject({ transition: "resolved", lastedMs: 5000 });
  });
});

test("a rule without patience fires and resolves at the first observation", () => {
  expect(play("x.x.", { failuresToFire: 1, successesToResolve: 1 }).told).toBe("FRFR");
});

test("whatever is observed, fired and resolved take turns, beginning with fired", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom("x", ".") }),
      fc.nat(4),
      fc.nat(4),
      (observations, a, b) => {
        const { told } = play(observations, { failuresToFire: a + 1, successesToResolve: b + 1 });
        expect(told.replaceAll("-", "")).toMatch(/^(FR)*F?$/);
      },
    ),
  );
});
