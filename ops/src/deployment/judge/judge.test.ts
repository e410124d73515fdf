import { describe, expect, test } from "vitest";
import { calmTraffic, simulateRevert } from "../../../../test/support/simulated-release.ts";
import type { Baseline } from "../traffic/baseline.ts";
import { type SlotCounts, slotCountsSchema } from "../traffic/counts.ts";
import {
  confidenceSequence,
  enterPhase,
  type JudgeEvent,
  type JudgeState,
  judge,
  observeEvent,
  observeTick,
  type Phase,
  type ReleaseTick,
  standardPhases,
  startJudge,
} from "./index.ts";

const baseline: Baseline = {
  requests: 50_000,
  clients: 40_000,
  failed_clients: 80,
  p50_ms: 5,
  p95_ms: 20,
  p99_ms: 50,
};
const [one, ten, fifty] = standardPhases as [Phase, Phase, Phase];

const counts = (clients: number, failed = 0, slow = 0): SlotCounts => ({
  requests: clients,
  clients,
  failed_clients: failed,
  slow_clients: { p50: slow, p95: slow, p99: slow },
});
const calm = { blue: counts(900), green: counts(100) };

const tick = (sequence: number, parts: Partial<ReleaseTick> = {}): ReleaseTick => ({
  sequence,
  from: sequence * 5_000,
  to: (sequence + 1) * 5_000,
  green_percent: 10,
  ...calm,
  ...parts,
});

const after = (
  ticks: number,
  parts: Partial<ReleaseTick> = {},
  from = startJudge(baseline, ten, new Date(0)),
) => {
  let state = from;
  const first = state.sequence + 1;
  for (let n = 0; n < ticks; n++) state = observeTick(state, tick(first + n, parts));
  return state;
};
const verdict = (state: JudgeState, now = state.last_tick_at ?? 0) => judge(state, new Date(now));

test.each([
  [0.02, 360],
  [0.01, 755],
  [0.005, 1_590],
])("without failures, a difference below %f needs at most %i clients", (delta, clients) => {
  expect(confidenceSequence(0, clients).upper).toBeLessThan(delta);
  expect(confidenceSequence(0, clients - 10).upper).toBeGreaterThan(delta);
});

test("bounds hold for extreme counts", () => {
  expect(confidenceSequence(0, 0)).toEqual({ lower: 0, upper: 1 });
  expect(confidenceSequence(7, 7).upper).toBe(1);
  const { lower, upper } = confidenceSequence(2_000_000, 1_000_000_000);
  expect(lower).toBeGreaterThan(0.001_98);
  expect(upper).toBeLessThan(0.002_02);
});

describe("a phase", () => {
  test("passes after its dwell with enough clients, and not a tick before", () => {
    const dwellTicks = ten.dwell_ms / 5_000;
    expect(verdict(after(dwellTicks - 1)).verdict).toBe("unknown");
    expect(verdict(after(dwellTicks))).toMatchObject({ verdict: "pass" });
  });

  test.each<[string, JudgeState, string]>([
    ["no tick came", startJudge(baseline, ten, new Date(0)), "no counts yet"],
    ["green has no clients", after(200, { green: counts(0) }), "No client has used green"],
    ["blue has no clients", after(200, { blue: counts(0) }), "No client has used blue"],
    ["green has too few clients", after(200, { green: counts(2) }), "Green may fail by up to"],
    ["blue has no baseline", after(200, {}, startJudge(null, ten, new Date(0))), "no baseline"],
    ["nothing was timed", after(200, { green: { ...calm.green, slow_clients: null } }), "Latencies"],
    ["the ticks have another weight", after(200, { green_percent: 9 }), "No client has used green"],
  ])("is unknown if %s", (_, state, text) => {
    const { verdict: kind, evidence } = verdict(state);
    expect(kind).toBe("unknown");
    expect(evidence.join(" ")).toContain(text);
  });

  test("does not pass on counts of a minute ago, or of a clock that was set forward or back", () => {
    const state = after(400);
    const at = state.last_tick_at ?? 0;
    for (const now of [at + 60_000, at - 3_600_000]) expect(verdict(state, now).verdict).toBe("unknown");
  });

  test("is held when its deadline passes, also if the clock was set back", () => {
    const short = { ...ten, dwell_ms: 7_200_000, deadline_ms: 600_000 };
    const state = after(120, {}, startJudge(baseline, short, new Date(0)));
    expect(verdict(state)).toMatchObject({ verdict: "hold" });
    expect(verdict(state, -3_600_000)).toMatchObject({ verdict: "hold" });
    expect(verdict(startJudge(baseline, short, new Date(0)), 600_000).verdict).toBe("hold");
  });

  test("starts its counts from zero, while the tests for harm continue", () => {
    const before = after(300);
    const next = enterPhase(before, fifty, new Date(before.last_tick_at ?? 0));
    expect(verdict(next).verdict).toBe("unknown");
    expect(next.tests).toEqual(before.tests);
  });
});

describe("harm", () => {
  test.each<[string, Partial<ReleaseTick>, string]>([
    ["failing clients", { green: counts(100, 3) }, "Clients of green fail more often"],
    ["slow clients", { blue: counts(900, 0, 45), green: counts(100, 0, 20) }, "1.2 times the p95"],
  ])("by %s reverts, and stays found", (_, parts, text) => {
    const state = after(30, parts);
    expect(verdict(state).evidence.join(" ")).toContain(text);
    expect(verdict(after(800, {}, state)).verdict).toBe("fail");
  });

  test("slowness up to the tolerated 1.25 times does not revert", () => {
    expect(after(700, { blue: counts(900, 0, 45), green: counts(100, 0, 6) }).found).toEqual([]);
  });

  test("the first 200 requests of green are not timed", () => {
    const slow = { blue: counts(90), green: counts(10, 0, 10) };
    expect(after(20, slow).timed_ticks).toBe(0);
    expect(after(21, slow).timed_ticks).toBe(1);
  });

  test("latencies are not compared for half a minute after the share of green has grown", () => {
    const slow = { blue: counts(900), green: counts(100, 0, 100) };
    const cold = after(7, slow);
    expect(cold).toMatchObject({ timed_ticks: 0, found: [] });
    expect(after(1, slow, cold).found.length).toBeGreaterThan(0);
    const warm = after(20, { blue: counts(900), green: counts(100) });
    const grown = after(7, { green_percent: 50, blue: counts(500), green: counts(500, 0, 500) }, warm);
    expect(grown).toMatchObject({ timed_ticks: warm.timed_ticks, found: [] });
  });

  test("on the third day is found within two minutes", () => {
    const healthy = { blue: counts(225, 1), green: counts(25) };
    const calmDays = after(34_560, healthy);
    expect(calmDays.found).toEqual([]);
    const harmed = after(24, { blue: counts(225, 1), green: counts(25, 1) }, calmDays);
    expect(harmed.found[0]?.reason).toBe("failures");
  });

  test("of a million clients in a tick keeps all numbers finite", () => {
    const state = after(3, { blue: counts(900_000, 900), green: counts(100_000, 90_000, 100_000) });
    expect(JSON.stringify(state)).not.toContain("null");
    expect(verdict(state).evidence[0]).toMatch(/E = 10\^\d+; the limit is 1000/);
  });
});

test.each<[string, JudgeState]>([
  ["fail alike", after(12, { blue: counts(900, 90), green: counts(100, 10) })],
  ["fail at 3 % instead of 0.2 %", after(30, { blue: counts(900, 27), green: counts(100, 3) })],
  [
    "are not ready",
    events({ kind: "probe", role: "blue", ready: false }, { kind: "probe", role: "green", ready: false }),
  ],
])("if both slots %s, the release is held: it is not the cause", (_, state) => {
  expect(verdict(state).evidence[0]).toContain("the cause is not the release");
  expect(verdict(state).verdict).toBe("hold");
});

function events(...list: JudgeEvent[]): JudgeState {
  return list.reduce(observeEvent, startJudge(baseline, ten, new Date(0)));
}
const notReady: JudgeEvent = { kind: "probe", role: "green", ready: false };
const ready: JudgeEvent = { kind: "probe", role: "green", ready: true };

test.each<[string, string, JudgeEvent[]]>([
  ["the process of green ends", "fail", [{ kind: "process_exit", role: "green", detail: "signal SIGSEGV" }]],
  ["the process of blue ends", "unknown", [{ kind: "process_exit", role: "blue", detail: "status 1" }]],
  ["green refuses connections", "fail", [{ kind: "connect_failure", role: "green", detail: "ECONNREFUSED" }]],
  ["green is not ready twice", "unknown", [notReady, notReady, ready, notReady]],
  ["green is not ready three times", "fail", [notReady, notReady, notReady]],
  ["a check of a step fails", "fail", [{ kind: "step_check", step: 23, detail: "4 rows" }]],
  [
    "only green raises a critical alert",
    "fail",
    [{ kind: "critical_alert", type: "DATABASE_DOWN", roles: ["green"] }],
  ],
  [
    "both raise a critical alert",
    "unknown",
    [{ kind: "critical_alert", type: "HIGH_CPU", roles: ["blue", "green"] }],
  ],
])("at once: %s: %s", (_, kind, list) => {
  expect(verdict(events(...list)).verdict).toBe(kind);
});

test("failures while neither slot was ready are not green's, though blue has few clients", () => {
  const share = { green_percent: 98, blue: counts(2, 2), green: counts(98, 98) };
  const probes = (ready: boolean): JudgeEvent[] =>
    (["blue", "green"] as const).map((role) => ({ kind: "probe", role, ready }));
  const outage = after(6, share, events(...probes(false)));
  expect(outage.found).toEqual([]);
  // It ends within a tick.
  const ended = after(1, share, probes(true).reduce(observeEvent, outage));
  expect(ended.found).toEqual([]);
  expect(after(1, share, ended).found.map(({ reason }) => reason)).toContain("many_failures");
});

test("two of twenty clients that fail by chance do not revert; half of them do", () => {
  const few = (failed: number) => after(1, { blue: counts(180), green: counts(20, failed) });
  expect(few(2).found).toEqual([]);
  expect(few(12).found.map(({ reason }) => reason)).toContain("many_failures");
});

test("ticks that come twice or late change nothing but a counter; missing ones are not observed", () => {
  const state = after(10);
  const late = observeTick(state, tick(3, { green: counts(100, 100) }));
  expect(late).toEqual({ ...state, ignored_ticks: 1 });
  const jumped = observeTick(state, tick(400, { from: 0, to: 9e12 }));
  expect(jumped.phase.observed_ms).toBe(60_000);
  expect(jumped.missing_ticks).toBe(390);
});

test("a judge that is restored from JSON after each tick reaches the same bits", () => {
  let restored = startJudge(baseline, one, new Date(0));
  for (let n = 0; n < 50; n++)
    restored = JSON.parse(JSON.stringify(observeTick(restored, tick(n, { green: counts(100, n % 3) }))));
  let running = startJudge(baseline, one, new Date(0));
  for (let n = 0; n < 50; n++) running = observeTick(running, tick(n, { green: counts(100, n % 3) }));
  expect(restored).toEqual(running);
});

test("impossible counts are refused", () => {
  expect(slotCountsSchema.safeParse(counts(1, 2)).success).toBe(false);
  expect(slotCountsSchema.safeParse(counts(2, 1)).success).toBe(true);
});

test("simulated: calm hours with retries and unequal clients are not reverted; harm is found in seconds", () => {
  const traffic = { ...calmTraffic, heterogeneous: true, retries: 10 };
  for (let seed = 0; seed < 2; seed++) expect(simulateRevert({ ...traffic, seed })).toBeNull();
  const seconds = Array.from(
    { length: 20 },
    (_, seed) => simulateRevert({ ...calmTraffic, seed, failing: { blue: 0.002, green: 0.05 } })?.seconds,
  );
  expect(seconds.filter((s) => s !== undefined && s < 60).length).toBeGreaterThan(15);
});
