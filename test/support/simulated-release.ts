import {
  type JudgeState,
  observeTick,
  type Phase,
  type ReleaseTick,
  standardPhases,
  startJudge,
} from "../../ops/src/deployment/judge/index.ts";
import { ClientCounter, slowThresholds } from "../../ops/src/deployment/traffic/index.ts";

/** Traffic of a release. */
export interface Traffic {
  seed: number;
  requestsPerSecond: number;
  /** Mean share of requests that fail. */
  failing: { blue: number; green: number };
  /** How many times as long as blue's the requests of green take. */
  slowdown: number;
  clients: number;
  /** A tenth of the clients sends half of the requests; a fifth fails four times as often and is twice as slow. */
  heterogeneous: boolean;
  /** How often a failed request is repeated, one second apart; each repetition fails with 90 %. */
  retries: number;
}

export const calmTraffic: Omit<Traffic, "seed"> = {
  requestsPerSecond: 50,
  failing: { blue: 0.002, green: 0.002 },
  slowdown: 1,
  clients: 5_000,
  heterogeneous: false,
  retries: 0,
};

/** mulberry32, a small seeded generator. */
const randomOf = (seed: number) => {
  let state = seed >>> 0;
  return (): number => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
};

/** Percentiles of exponential latencies with a mean of 10 ms. */
const baseline = {
  requests: 180_000,
  clients: 170_000,
  failed_clients: 340,
  p50_ms: 10 * Math.log(2),
  p95_ms: 10 * Math.log(20),
  p99_ms: 10 * Math.log(100),
};

/** An endless release at 10 %, in ticks of 5 s. Each client has one slot and keeps it. */
export function* simulateTicks(traffic: Traffic): Generator<ReleaseTick> {
  const { clients, heterogeneous } = traffic;
  const random = randomOf(traffic.seed);
  const isGreen = Array.from({ length: clients }, () => random() < 0.1);
  const isFragile = Array.from({ length: clients }, () => heterogeneous && random() < 0.2);
  const counter = new ClientCounter(slowThresholds(baseline));
  let pending: { client: number; left: number }[] = [];
  const request = (client: number, failing: number, left: number, nowMs: number) => {
    const slot = isGreen[client] ? "green" : "blue";
    const failed = random() < failing;
    const mean = 10 * (isGreen[client] ? traffic.slowdown : 1) * (isFragile[client] ? 2 : 1);
    counter.record({ slot, client, failed, latencyMs: -mean * Math.log(1 - random()) }, nowMs);
    if (failed && left > 0) pending.push({ client, left: left - 1 });
  };
  for (let sequence = 0; ; sequence++) {
    const from = sequence * 5_000;
    for (let second = 0; second < 5; second++) {
      const nowMs = from + second * 1_000;
      const repeated = pending;
      pending = [];
      for (const { client, left } of repeated) request(client, 0.9, left, nowMs);
      for (let n = 0; n < traffic.requestsPerSecond; n++) {
        const isRegular = heterogeneous && random() < 0.5;
        const client = Math.floor(random() * (isRegular ? clients / 10 : clients));
        const times = heterogeneous ? (isFragile[client] ? 4 : 0.25) : 1;
        request(client, traffic.failing[isGreen[client] ? "green" : "blue"] * times, traffic.retries, nowMs);
      }
    }
    yield { sequence, from, to: from + 5_000, green_percent: 10, ...counter.take() };
  }
}

/** Runs the judge on simulated traffic until it reverts; null if it does not within `ticks`. */
export const simulateRevert = (traffic: Traffic, ticks = 720): { seconds: number; reason: string } | null => {
  let state: JudgeState = startJudge(baseline, standardPhases[1] as Phase, new Date(0));
  const stream = simulateTicks(traffic);
  for (let n = 1; n <= ticks; n++) {
    state = observeTick(state, stream.next().value);
    const [first] = state.found;
    if (first) return { seconds: n * 5, reason: first.reason };
  }
  return null;
};
