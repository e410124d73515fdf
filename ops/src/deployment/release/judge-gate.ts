import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import {
  enterPhase,
  type JudgeEvent,
  type JudgeState,
  judge,
  judgeHarm,
  observeEvent,
  observeTick,
  type ReleaseTick,
  type Role,
  recentTally,
  standardPhases,
  startJudge,
} from "../judge/index.ts";
import { fullWeight, type Slot, slots, type Tick, type TrafficSwitch } from "../traffic/index.ts";
import { type Judged, JudgeFile, readJudged } from "./judge-file.ts";
import { poll } from "./poll.ts";
import type { Release } from "./release.ts";
import type { GateVerdict, Look } from "./stage.ts";
import { type Phase, phaseWeights } from "./state.ts";
import { followTicks } from "./tick-follower.ts";

const everyMs = { process: 200, probe: 1_000, steps: 10_000, alerts: 10_000, baseline: 10_000 };

/** What a phase demands before it passes. */
export interface Demand {
  /** Greatest difference of the shares of failing clients that is acceptable, such as 0.02. */
  delta: number;
  dwellMs: number;
  deadlineMs: number;
}

const standardDemand = (phase: Phase): Demand => {
  const found = standardPhases.find(({ green_percent }) => green_percent === phaseWeights[phase]);
  if (!found) throw new Error(`the judge has no phase at ${phaseWeights[phase]} %`);
  return { delta: found.delta, dwellMs: found.dwell_ms, deadlineMs: found.deadline_ms };
};

export const standardDemands: Readonly<Record<Phase, Demand>> = {
  phase_1: standardDemand("phase_1"),
  phase_10: standardDemand("phase_10"),
  phase_50: standardDemand("phase_50"),
};

/** Everything that the judge sees of a release besides its ticks. A source that throws changes nothing. */
export interface Observed {
  /** Null if the process of a slot is up; else the reason why it has ended. */
  isUp(slot: Slot): Promise<string | null>;
  isReady(slot: Slot): Promise<boolean>;
  /** Checks of the release's steps that fail. */
  stepFaults(): Promise<readonly { step: number; detail: string }[]>;
  /** Critical alerts that fire, and the slots whose instances raise them. */
  criticalAlerts(): Promise<readonly { type: string; slots: readonly Slot[] }[]>;
}

export interface JudgeGateOptions {
  release: Pick<Release, "from" | "to">;
  /** The directory of the release, which keeps the state of the judge. */
  directory: string;
  /** A switch of this release. Without ticks, no phase passes. */
  traffic: Pick<TrafficSwitch, "ticks" | "baseline">;
  clock: Clock;
  log: Pick<Logger, "warn">;
  demands?: Readonly<Record<Phase, Demand>>;
  observe: Observed;
  /** Called with each tick, numbered and by role. */
  onTick?: (tick: ReleaseTick) => void;
}

/** Judges a release from the first question until it is closed. */
export interface JudgeGate {
  /** Whether a phase passes. Ask again and again: each question also looks at the slots, the steps and the alerts. */
  judge(phase: Phase, look: Look): Promise<GateVerdict>;
  /**
   * `revert` if the new version does harm, in any state that has a share of clients on it. `pass`: clients of both versions
   * in the last minute show none; `wait`: there is nothing to compare.
   */
  harm(): Promise<GateVerdict>;
  /** Stops, and writes the state. */
  close(): Promise<void>;
}

/**
 * Gives the judge what it needs and keeps what it knows in `judge.json`: a gate on the same directory continues with the
 * same bits.
 */
export const judgeGate = (options: JudgeGateOptions): JudgeGate => {
  const { release, directory, traffic, clock, log, demands = standardDemands, observe, onTick } = options;
  const slotOf = { blue: release.from.slot, green: release.to.slot };
  const roleOf = (slot: Slot): Role => (slot === release.to.slot ? "green" : "blue");
  const file = new JudgeFile(directory, clock, log);
  const closed = new AbortController();
  let reading: Promise<Judged | null> | undefined;
  let judged: Judged | undefined;
  let following: Promise<void> | undefined;

  const keep = (next: Judged): void => {
    const isSame = next.state === judged?.state && next.phase === judged.phase;
    if (closed.signal.aborted || isSame) return;
    judged = next;
    file.save(next);
  };
  const update = (change: (state: JudgeState) => JudgeState): void => {
    if (judged) keep({ ...judged, state: change(judged.state) });
  };
  const observeAll = (events: readonly JudgeEvent[]): void =>
    update((state) => events.reduce(observeEvent, state));

  const common = { clock, log };
  const polls = [
    poll({
      ...common,
      name: "baseline",
      everyMs: everyMs.baseline,
      ask: async () => (judged?.state.baseline ? null : ((await traffic.baseline?.()) ?? null)),
      onAnswer: (baseline) => baseline && update((state) => ({ ...state, baseline })),
    }),
    ...slots.flatMap((slot) => [
      poll({
        ...common,
        name: `process of ${slot}`,
        everyMs: everyMs.process,
        ask: () => observe.isUp(slot),
        onAnswer: (detail) =>
          detail !== null && observeAll([{ kind: "process_exit", role: roleOf(slot), detail }]),
      }),
      poll({
        ...common,
        name: `readiness of ${slot}`,
        everyMs: everyMs.probe,
        ask: () => observe.isReady(slot),
        onAnswer: (ready) => observeAll([{ kind: "probe", role: roleOf(slot), ready }]),
      }),
    ]),
    poll({
      ...common,
      name: "checks of steps",
      everyMs: everyMs.steps,
      ask: () => observe.stepFaults(),
      onAnswer: (faults) => observeAll(faults.map((fault) => ({ kind: "step_check", ...fault }))),
    }),
    poll({
      ...common,
      name: "critical alerts",
      everyMs: everyMs.alerts,
      ask: () => observe.criticalAlerts(),
      onAnswer: (alerts) =>
        observeAll(
          alerts.map(({ type, slots }) => ({ kind: "critical_alert", type, roles: slots.map(roleOf) })),
        ),
    }),
  ];

  const startAt = (phase: Phase, since: Date): JudgeState =>
    startJudge(null, demandOf(demands, phase), since);
  /**
   * Sources are asked only when the gate is: a release that is taken back stops the new version itself, and that is not
   * harm.
   */
  const look = async (phase: Phase | null, since: Date): Promise<JudgeState> => {
    reading ??= readJudged(directory, (err) => log.warn({ err }, "the judge starts anew"));
    const stored = await reading;
    const before = judged ?? stored;
    // The demands do not matter for harm.
    const state = before?.state ?? startAt(phase ?? "phase_50", since);
    const isNew = phase !== null && before !== null && before.phase !== phase;
    keep({
      phase,
      slots: slotOf,
      state: isNew ? enterPhase(state, demandOf(demands, phase), since) : state,
    });
    following ??= followTicks({
      traffic,
      signal: closed.signal,
      log,
      onTick: (tick) =>
        update((now) => {
          const counted = asReleaseTick(tick, now.sequence + 1, slotOf);
          onTick?.(counted);
          return observeTick(now, counted);
        }),
    });
    for (const ask of polls) ask();
    return judged?.state ?? state;
  };

  return {
    judge: async (phase, { since }) => {
      const { verdict, evidence } = judge(await look(phase, since), clock.now());
      if (verdict === "pass") return { verdict };
      if (verdict === "unknown") return { verdict: "wait" };
      return { verdict: verdict === "hold" ? "hold" : "revert", reason: evidence.join(" ") };
    },
    harm: async () => {
      const state = await look(null, clock.now());
      const { verdict, evidence } = judgeHarm(state);
      if (verdict === "fail") return { verdict: "revert", reason: evidence.join(" ") };
      const isCompared = (["blue", "green"] as const).every((role) => recentTally(state, role).clients > 0);
      return { verdict: isCompared ? "pass" : "wait" };
    },
    close: async () => {
      closed.abort();
      await following;
      await file.close();
    },
  };
};

const demandOf = (demands: Readonly<Record<Phase, Demand>>, phase: Phase) => {
  const { delta, dwellMs, deadlineMs } = demands[phase];
  return { green_percent: phaseWeights[phase], delta, dwell_ms: dwellMs, deadline_ms: deadlineMs };
};

/** The judge numbers ticks: a switch that restarts begins anew, and its ticks are not old. */
const asReleaseTick = (
  { from, to, weights, slots }: Tick,
  sequence: number,
  slotOf: Readonly<Record<Role, Slot>>,
): ReleaseTick => ({
  sequence,
  from: Date.parse(from),
  to: Date.parse(to),
  green_percent: (weights[slotOf.green] / fullWeight) * 100,
  blue: slots[slotOf.blue],
  green: slots[slotOf.green],
});
