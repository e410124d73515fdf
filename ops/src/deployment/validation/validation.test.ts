import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { CommandEntry } from "../release/replay.ts";
import type { CheckResult, ValidationPhase } from "./check.ts";
import { validationMarkdown } from "./markdown.ts";
import { readValidation } from "./report.ts";
import { validation } from "./validation.ts";

const minute = 60_000;
let file: string;
let clock: StandingClock;
let results: Record<"health" | "slope", CheckResult | Error>;
let runs: string[];
let commands: CommandEntry[];
let moved: number;
let moveFails: boolean;
const ok = { verdict: "SUCCESS", evidence: "fine" } as const;
beforeEach(async () => {
  file = join(await makeTemporaryDirectory(), "validation.json");
  clock = new StandingClock("2027-03-01T06:00:00Z");
  results = { health: ok, slope: ok };
  runs = [];
  commands = [];
  moved = 0;
  moveFails = false;
});

const check = (name: keyof typeof results) => ({
  name,
  run: async () => {
    runs.push(name);
    const result = results[name];
    if (result instanceof Error) throw result;
    return result;
  },
});
const phases: ValidationPhase[] = [
  { name: "alive", endsAfterMs: 15 * minute, checks: [check("health")] },
  {
    name: "performance",
    endsAfterMs: 120 * minute,
    checks: [check("health"), check("slope")],
    onEnd: async () => {
      moved++;
      if (moveFails) throw new Error("the switch is away");
      return "moved";
    },
  },
];
const gate = (more: Partial<Parameters<typeof validation>[0]> = {}) => {
  const look = validation({ phases, file, clock, everyMs: minute, ...more });
  return (at = since) => look({ since: at, commands });
};
const since = new Date("2027-03-01T06:00:00Z");
const accept = (reason: string): void => {
  const at = clock.now().toISOString();
  commands.push({ type: "command", at, id: `c${commands.length}`, command: "accept", by: "Asha", reason });
};

test("phases end one after the other, also when another conductor goes on", async () => {
  const look = gate();
  expect(await look()).toEqual({ verdict: "wait" });
  clock.advanceMs(15 * minute);
  expect(await look()).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([{ phase: "alive", verdict: "SUCCESS", ended: true }]);
  clock.advanceMs(105 * minute);
  expect(await gate()()).toEqual({ verdict: "pass" });
  expect(await gate()()).toEqual({ verdict: "pass" });
  expect(moved).toBe(1);
});

test("a release that was held does not begin its watch anew", async () => {
  const look = gate();
  await look();
  clock.advanceMs(15 * minute);
  expect(await look(clock.now())).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([{ ended: true, began_at: since.toISOString() }]);
});

test("a check that fails reverts at once, with its evidence", async () => {
  const look = gate();
  await look();
  results.health = { verdict: "FAIL", evidence: "3 of 20 requests failed" };
  // Between two looks nothing is asked.
  expect(await look()).toEqual({ verdict: "wait" });
  clock.advanceMs(minute);
  expect(await look()).toEqual({
    verdict: "revert",
    reason: "alive: health: 3 of 20 requests failed",
  });
});

test("what cannot be known extends a phase, and never ends it", async () => {
  results.health = new Error("the database is away");
  const look = gate();
  clock.advanceMs(60 * minute);
  expect(await look()).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([
    { verdict: "UNKNOWN", ended: false, checks: [{ evidence: "the database is away" }] },
  ]);
  results.health = ok;
  clock.advanceMs(minute);
  await look();
  expect(await readValidation(file)).toMatchObject([{ ended: true }]);
});

test("a person settles what cannot be known, by name, until the phase ends", async () => {
  results.health = { verdict: "UNKNOWN", evidence: "Nothing counts requests." };
  const look = gate();
  await look();
  clock.advanceMs(minute);
  accept("we have no front");
  await look();
  clock.advanceMs(14 * minute);
  expect(await gate()()).toEqual({ verdict: "wait" });
  const [phase] = await readValidation(file);
  expect(phase).toMatchObject({ ended: true, checks: [{ verdict: "SUCCESS", accepted: { by: "Asha" } }] });
  expect(phase?.checks[0]?.evidence).toBe("Nothing counts requests. Accepted by Asha: we have no front");
  expect(validationMarkdown(await readValidation(file))).toContain("| health | accepted | Nothing counts");
  // The next phase has to be accepted by itself.
  clock.advanceMs(105 * minute);
  expect(await look()).toEqual({ verdict: "wait" });
  expect((await readValidation(file))[1]).toMatchObject({ verdict: "UNKNOWN", ended: false });
});

test("an acceptance from before the switch settles nothing", async () => {
  results.health = { verdict: "UNKNOWN", evidence: "Nothing counts requests." };
  clock.advanceMs(-minute);
  accept("for a phase before");
  clock.advanceMs(minute);
  await gate()();
  expect(await readValidation(file)).toMatchObject([{ verdict: "UNKNOWN" }]);
});

test("a person does not settle a failure, nor what cannot be known only later", async () => {
  results.slope = { verdict: "UNKNOWN", evidence: "no series" };
  const look = gate({ phases: phases.slice(1) });
  await look();
  clock.advanceMs(minute);
  accept("fine");
  await look();
  results.health = { verdict: "UNKNOWN", evidence: "the database is away" };
  clock.advanceMs(minute);
  await look();
  expect(await readValidation(file)).toMatchObject([
    {
      checks: [{ verdict: "UNKNOWN" }, { verdict: "SUCCESS", evidence: "no series Accepted by Asha: fine" }],
    },
  ]);
  results.slope = { verdict: "FAIL", evidence: "it leaks" };
  clock.advanceMs(minute);
  accept("fine");
  expect(await look()).toEqual({ verdict: "revert", reason: "performance: slope: it leaks" });
});

test("the end of a phase is repeated until it succeeds, and only then the phase ends", async () => {
  moveFails = true;
  const look = gate({ phases: phases.slice(1) });
  clock.advanceMs(120 * minute);
  expect(await look()).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([
    { ended: false, checks: [{}, {}, { verdict: "UNKNOWN", evidence: "the switch is away" }] },
  ]);
  moveFails = false;
  clock.advanceMs(minute);
  expect(await look()).toEqual({ verdict: "pass" });
  expect(await readValidation(file)).toMatchObject([
    { ended: true, checks: [{}, {}, { evidence: "moved" }] },
  ]);
  expect(moved).toBe(2);
});

test("the end of a phase waits while the release is held", async () => {
  const look = validation({ phases: phases.slice(1), file, clock, everyMs: minute });
  clock.advanceMs(120 * minute);
  expect(await look({ since, commands, held: true })).toEqual({ verdict: "wait" });
  expect(await readValidation(file)).toMatchObject([{ verdict: "SUCCESS", ended: false }]);
  expect(moved).toBe(0);
  clock.advanceMs(minute);
  expect(await look({ since, commands })).toEqual({ verdict: "pass" });
  expect(moved).toBe(1);
});

test("a result counts as long as its check says, also for another conductor", async () => {
  const drill = {
    ...check("slope"),
    repeatAfterMs: { SUCCESS: Number.POSITIVE_INFINITY, UNKNOWN: 5 * minute },
  };
  const once = { phases: [{ name: "alerts", endsAfterMs: 60 * minute, checks: [drill] }] };
  results.slope = { verdict: "UNKNOWN", evidence: "the channel is away" };
  for (let n = 0; n < 7; n++) {
    await gate(once)();
    clock.advanceMs(minute);
  }
  expect(runs).toHaveLength(2);
  results.slope = ok;
  clock.advanceMs(4 * minute);
  for (let n = 0; n < 7; n++) {
    await gate(once)();
    clock.advanceMs(minute);
  }
  expect(runs).toHaveLength(3);
});

test("a slow check does not hold up the look, runs once, and its result counts later", async () => {
  let finish = (_: CheckResult): void => undefined;
  let begun = 0;
  const slow = {
    name: "drill",
    repeatAfterMs: { UNKNOWN: 60 * minute },
    run: () => {
      begun++;
      return new Promise<CheckResult>((resolve) => {
        finish = resolve;
      });
    },
  };
  const look = gate({ phases: [{ name: "alerts", endsAfterMs: 0, checks: [slow] }], checkTimeoutMs: 20 });
  expect(await look()).toEqual({ verdict: "wait" });
  clock.advanceMs(minute);
  expect(await look()).toEqual({ verdict: "wait" });
  finish(ok);
  clock.advanceMs(minute);
  expect(await look()).toEqual({ verdict: "pass" });
  expect(begun).toBe(1);
});

test("a revert ends the look at once, and the phase does not end", async () => {
  const reverting = new AbortController();
  const slow = { name: "drill", run: () => new Promise<CheckResult>(() => undefined) };
  const look = validation({
    phases: [{ name: "alerts", endsAfterMs: 0, checks: [slow] }],
    file,
    clock,
    everyMs: minute,
    checkTimeoutMs: 60 * minute,
  });
  const looking = look({ since, commands, signal: reverting.signal });
  reverting.abort();
  expect(await looking).toEqual({ verdict: "wait" });
});
