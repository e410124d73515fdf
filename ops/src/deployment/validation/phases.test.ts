import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import type { GateVerdict } from "../release/stage.ts";
import type { CheckResult, PhaseLook } from "./check.ts";
import type { ValidationContext } from "./context.ts";
import { validationPhases } from "./phases.ts";
import { readValidation } from "./report.ts";
import type { Measured } from "./trend.ts";
import { validation } from "./validation.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const since = new Date("2027-03-01T06:00:00Z");
let clock: StandingClock;
beforeEach(() => {
  clock = new StandingClock(since.toISOString());
});

const series = (valueAt: (minute: number) => number, minutes = 120): Measured[] =>
  Array.from({ length: minutes }, (_, minute) => ({
    at: new Date(since.getTime() + minute * minuteMs),
    value: valueAt(minute),
  }));

/** A release after which all is well. */
const well: ValidationContext = {
  timeZone: "UTC",
  validationMs: [15, 120, 360, 1_440, 4_320].map((minutes) => minutes * minuteMs),
  slotReady: async () => true,
  smoke: async () => ({ ok: true, evidence: "7 journeys" }),
  stepFaults: async () => [],
  lost: async () => 0,
  harm: async () => ({ verdict: "pass" }),
  memory: async () => series((minute) => 400e6 + (minute % 7) * 1e6),
  p95: async () => series((minute) => 80 + (minute % 5)),
  lastWeek: async () => ({ now: 90, before: 80 }),
  drill: async () => [{ type: "HIGH_CPU", notified: true, resolved: true }],
  figures: async () => "420 orders, 410 a week before.",
  ledger: async () => ({ ok: true, entries: 12, faults: [] }),
  lastVerifiedBackup: async () => new Date(since.getTime() + hourMs),
  endPerformance: async () => "green 100 %",
};

const away = async (): Promise<never> => {
  throw new Error("the database is away");
};

/** The result of one check, so long after the switch. */
const resultOf = async (
  name: string,
  parts: Partial<ValidationContext>,
  { hours = 100, looks = 1 } = {},
): Promise<CheckResult> => {
  const [phase = "", check = ""] = name.split(": ");
  const found = validationPhases({ ...well, ...parts }, clock)
    .find((each) => each.name === phase)
    ?.checks.find((each) => each.name === check);
  if (!found) throw new Error(`there is no check ${name}`);
  clock.set(new Date(since.getTime() + hours * hourMs).toISOString());
  const look: PhaseLook = { since, phaseSince: since, commands: [] };
  for (let earlier = 1; earlier < looks; earlier++) await found.run(look);
  return found.run(look);
};

const decided = (verdict: "hold" | "revert"): GateVerdict => ({
  verdict,
  reason: "more clients of green fail",
});
const leak = series((minute) => 400e6 + minute * 2e6);

test.each<[string, Partial<ValidationContext>, string, RegExp]>([
  ["alive: steps", {}, "SUCCESS", /hold/],
  [
    "alive: steps",
    { stepFaults: async () => [{ step: 25, detail: "2 rows lack a price" }] },
    "FAIL",
    /^step 25: 2 rows lack a price$/,
  ],
  ["alive: journeys", {}, "SUCCESS", /7 journeys/],
  ["alive: journeys", { smoke: async () => ({ ok: false, evidence: "login: 500" }) }, "FAIL", /login: 500/],
  [
    "alive: journeys",
    { smoke: async () => ({ ok: false, evidence: "login: 500" }), stepFaults: away },
    "UNKNOWN",
    /login: 500 The database cannot be read either/,
  ],
  ["alive: lost requests", {}, "SUCCESS", /Every request/],
  ["alive: lost requests", { lost: async () => 2 }, "FAIL", /^2 requests/],
  ["alive: lost requests", { lost: async () => null }, "UNKNOWN", /Nothing counts/],
  ["performance: control", {}, "SUCCESS", /no worse/],
  ["performance: control", { harm: async () => decided("revert") }, "FAIL", /more clients of green fail/],
  ["performance: control", { harm: async () => decided("hold") }, "UNKNOWN", /more clients of green fail/],
  ["performance: control", { harm: async () => ({ verdict: "wait" }) }, "UNKNOWN", /no clients/],
  ["performance: last week", {}, "SUCCESS", /90 ms; a week before it was 80 ms/],
  ["performance: last week", { lastWeek: async () => ({ now: 300, before: 80 }) }, "UNKNOWN", /300 ms/],
  ["performance: last week", { lastWeek: async () => null }, "UNKNOWN", /no full hour/],
  ["performance: memory", {}, "SUCCESS", /about 404 MB, changed by 0 % in 118 min/],
  ["performance: memory", { memory: async () => leak }, "FAIL", /keeps rising/],
  ["performance: memory", { memory: async () => leak.slice(0, 58) }, "UNKNOWN", /may only be warming up/],
  ["performance: memory", { memory: async () => [] }, "UNKNOWN", /0 measurements/],
  ["alerts: drill", {}, "SUCCESS", /^1 alerts fired, notified and resolved: HIGH_CPU/],
  [
    "alerts: drill",
    {
      drill: async () => [
        { type: "HIGH_CPU", notified: false, resolved: false },
        { type: "HIGH_MEMORY", notified: true, resolved: false },
      ],
    },
    "FAIL",
    /2 of 2 alerts failed: HIGH_CPU did not notify, HIGH_MEMORY did not end/,
  ],
  ["acceptance: figures", {}, "SUCCESS", /420 orders/],
  ["acceptance: figures", { figures: async () => null }, "UNKNOWN", /no orders and bills/],
  ["acceptance: acceptance", {}, "UNKNOWN", /earlybird release accept/],
  ["stability: memory", { memory: async () => leak }, "FAIL", /keeps rising/],
  ["stability: latency", {}, "SUCCESS", /p95, about 83 ms, changed/],
  ["stability: latency", { p95: async () => series((minute) => 80 + minute) }, "FAIL", /keeps rising/],
  ["stability: latency", { p95: async () => [] }, "UNKNOWN", /too few/],
  ["stability: ledger", {}, "SUCCESS", /12 entries/],
  ["stability: ledger", { ledger: async () => ({ ok: false, faults: ["entry 7"] }) }, "FAIL", /entry 7/],
  ["stability: backup", {}, "SUCCESS", /restored and verified/],
  ["stability: backup", { lastVerifiedBackup: async () => since }, "UNKNOWN", /before the switch/],
  ["stability: backup", { lastVerifiedBackup: async () => null }, "UNKNOWN", /No backup/],
])("%s, with %o: %s", async (name, parts, verdict, evidence) => {
  const found = await resultOf(name, parts);
  expect(found).toEqual({ verdict, evidence: expect.stringMatching(evidence) });
});

test("a p95 that rises within a day may follow the time of day", async () => {
  const rising = { p95: async () => series((minute) => 80 + minute) };
  expect(await resultOf("stability: latency", rising, { hours: 12 })).toMatchObject({ verdict: "UNKNOWN" });
});

describe("a slot that is not ready", () => {
  const unready = { slotReady: async () => false };
  test.each<[string, Partial<ValidationContext>, number, string]>([
    ["once, may be chance", unready, 1, "UNKNOWN"],
    ["three times in a row, fails in every phase", unready, 3, "FAIL"],
    [
      "while the database is away, is no fault of the release",
      { ...unready, stepFaults: away },
      5,
      "UNKNOWN",
    ],
  ])("%s", async (_, parts, looks, verdict) => {
    for (const phase of ["alive", "performance", "alerts", "acceptance", "stability"])
      expect(await resultOf(`${phase}: health`, parts, { looks })).toMatchObject({ verdict });
  });
});

describe("the mornings", () => {
  const short = { validationMs: [1, 2, 3, 4, 5].map((minutes) => minutes * minuteMs) };
  test.each<[string, Partial<ValidationContext>, number, string, RegExp]>([
    ["are waited for", {}, 30, "UNKNOWN", /^1 of 2 mornings/],
    ["are two after three days", {}, 72, "SUCCESS", /^3 of 2|^2 of 2/],
    [
      "do not fit into a short watch, which is about its own time",
      short,
      1,
      "SUCCESS",
      /this is about 5 min/,
    ],
    ["of a short watch are unknown before its end", short, 0.05, "UNKNOWN", /^0 of 2/],
  ])("%s", async (_, parts, hours, verdict, evidence) => {
    const found = await resultOf("stability: mornings", parts, { hours });
    expect(found).toEqual({ verdict, evidence: expect.stringMatching(evidence) });
  });
});

test("the whole watch, with a restart before each look, needs one person and moves the last clients once", async () => {
  const file = join(await makeTemporaryDirectory(), "validation.json");
  const calls = { drill: 0, end: 0 };
  const context: ValidationContext = {
    ...well,
    drill: async () => {
      calls.drill++;
      return well.drill();
    },
    endPerformance: async () => {
      calls.end++;
      return well.endPerformance();
    },
  };
  const commands = [
    {
      type: "command",
      at: new Date(since.getTime() + 23 * hourMs).toISOString(),
      id: "c1",
      command: "accept",
      by: "Asha",
      reason: "the bills are right",
    },
  ] as const;
  let verdict = "wait";
  let hours = 0;
  for (; verdict === "wait" && hours < 100; hours++) {
    const gate = validation({ phases: validationPhases(context, clock), file, clock, everyMs: minuteMs });
    const known = commands.filter(({ at }) => new Date(at) <= clock.now());
    ({ verdict } = await gate({ since, commands: known }));
    clock.advanceMs(hourMs);
  }
  expect([verdict, hours]).toEqual(["pass", 73]);
  expect(calls).toEqual({ drill: 1, end: 1 });
  const report = await readValidation(file);
  expect(report.map(({ phase, ended }) => [phase, ended])).toEqual(
    ["alive", "performance", "alerts", "acceptance", "stability"].map((phase) => [phase, true]),
  );
  expect(report[1]?.checks.at(-1)?.evidence).toBe("green 100 %");
  expect(report[3]?.checks.at(-1)?.evidence).toMatch(/Accepted by Asha: the bills are right$/);
});
