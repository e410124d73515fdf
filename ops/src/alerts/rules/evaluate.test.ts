import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  evaluate,
  type Finding,
  longestGapMs,
  type Patience,
  type RuleState,
  type Verdict,
} from "./evaluate.ts";

const two: Patience = {
  failuresToFire: 2,
  forMs: 0,
  successesToResolve: 2,
  keepFiringForMs: 0,
  endsUnknownAfterMs: null,
};

const findings: Record<string, Finding> = { x: "failing", ".": "fine", "?": "unknown" };
const letters = { none: "-", fired: "F", resolved: "R" };

/** Observations, one a second: `x` failing, `.` fine, `?` unknown; what happened at each, by one letter. */
const play = (observations: string, patience = two, timeOf = (n: number) => n * 1000) => {
  let state: RuleState = { state: "inactive" };
  const verdicts = [...observations].map((observed, n): Verdict => {
    const verdict = evaluate(patience, state, findings[observed] ?? "unknown", timeOf(n));
    state = verdict.next;
    return verdict;
  });
  return { told: verdicts.map(({ transition }) => letters[transition]).join(""), verdicts, state };
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
    { why: "a value unknown from the start changes nothing", observations: "????", told: "----" },
    { why: "the unknown does not count as a failure", observations: "x???.", told: "-----" },
    { why: "nor does it end a row of them", observations: "x???x", told: "----F" },
    { why: "it does not resolve", observations: "xx?????", told: "-F-----" },
    { why: "it is no success, and ends no row of them", observations: "xx.?.", told: "-F--R" },
  ])("$why: $observations", ({ observations, told }) => {
    expect(play(observations).told).toBe(told);
  });

  test("a failure counts from the first of its observations and lasts until the first success in a row", () => {
    const { verdicts } = play(".xxx.x..");
    expect(verdicts[2]).toMatchObject({ transition: "fired", sinceMs: 1000 });
    expect(verdicts[7]).toMatchObject({ transition: "resolved", lastedMs: 5000, because: "fine" });
  });
});

describe("with 3 s to fire and 2 s to resolve", () => {
  const slow: Patience = { ...two, forMs: 3_000, keepFiringForMs: 2_000 };
  test.each([
    { why: "it must fail for as long", observations: "xxxxx", told: "---F-" },
    { why: "a success begins it anew", observations: "xxx.xxxx", told: "-------F" },
    { why: "it must be fine for as long", observations: "xxxx....", told: "---F--R-" },
    { why: "a failure begins the recovery anew", observations: "xxxx..x...", told: "---F-----R" },
    { why: "time in which nothing is known does not count", observations: "xx????xxx", told: "--------F" },
    { why: "nor does it for a recovery", observations: "xxxx.????...", told: "---F-------R" },
  ])("$why: $observations", ({ observations, told }) => {
    expect(play(observations, slow).told).toBe(told);
  });

  test("a clock that is set back neither fires nor resolves too early", () => {
    const times = [0, 1_000, -3_600_000, -3_599_000, -3_598_000];
    expect(play("xxxxx", slow, (n) => times[n] ?? 0).told).toBe("----F");
    const { verdicts } = play("xxxx...", slow, (n) => (n < 4 ? n * 1000 : n * 1000 - 60_000));
    expect(verdicts.at(-1)).toMatchObject({ transition: "resolved", lastedMs: 0 });
  });

  test("a gap in the observations counts for at most half a minute", () => {
    const patient: Patience = { ...two, forMs: 120_000 };
    const nights = (n: number) => n * 8 * 3_600_000;
    expect(play("xxxxxx", patient, nights).told).toBe("----F-");
    expect(120_000 / longestGapMs).toBe(4);
  });
});

describe("a rule that may end in the unknown after 3 s", () => {
  const patience: Patience = { ...two, endsUnknownAfterMs: 3_000 };
  test.each([
    { observations: "xx??.??.", told: "-F-----R" },
    { observations: "xx??????", told: "-F---R--" },
    { observations: "xx.?????", told: "-F----R-" },
    { observations: "xx???x??", told: "-F------" },
    { observations: "x?????x.", told: "--------" },
  ])("$observations", ({ observations, told }) => {
    expect(play(observations, patience).told).toBe(told);
  });

  test("ends for that reason, and lasted until the last known observation", () => {
    const { verdicts } = play("xx????", patience);
    expect(verdicts[5]).toMatchObject({ transition: "resolved", because: "unknown", lastedMs: 2_000 });
  });
});

test("a rule without patience fires and resolves at the first observation", () => {
  expect(play("x.x.", { ...two, failuresToFire: 1, successesToResolve: 1 }).told).toBe("FRFR");
});

test("for any observations and any clock, fired and resolved alternate, beginning with fired", () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.constantFrom("x", ".", "?"), fc.integer({ min: -100_000, max: 100_000 }))),
      fc.nat(4),
      fc.nat(10_000),
      fc.option(fc.nat(20_000)),
      (observed, many, longMs, endsUnknownAfterMs) => {
        const patience: Patience = {
          failuresToFire: many + 1,
          forMs: longMs,
          successesToResolve: many + 1,
          keepFiringForMs: longMs,
          endsUnknownAfterMs,
        };
        const observations = observed.map(([letter]) => letter).join("");
        const { told, verdicts } = play(observations, patience, (n) => observed[n]?.[1] ?? 0);
        expect(told.replaceAll("-", "")).toMatch(/^(FR)*F?$/);
        for (const verdict of verdicts) {
          if (verdict.transition === "resolved") expect(verdict.lastedMs).toBeGreaterThanOrEqual(0);
        }
      },
    ),
  );
});
