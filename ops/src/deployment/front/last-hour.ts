import { bucketOf, upperBoundMs } from "../../core/latency-bucket.ts";
import type { Baseline } from "../traffic/baseline.ts";
import type { SlotCounts } from "../traffic/counts.ts";
import type { Slot } from "../traffic/traffic-switch.ts";

const minuteMs = 60_000;
const minutes = 60;
const buckets = bucketOf(Number.MAX_VALUE) + 1;

/** One minute of a slot. */
interface Minute {
  number: number;
  requests: number;
  clients: number;
  failed_clients: number;
  /** Requests by latency bucket. */
  latencies: Uint32Array;
}

/** The traffic of the last hour, for each slot: at most 1.5 MB. Times are monotonic, in milliseconds. */
export class LastHour {
  readonly #minutes: Record<Slot, Minute[]> = { blue: [], green: [] };

  /** @param fewestRequests with fewer, an hour is no baseline */
  constructor(private readonly fewestRequests: number) {}

  addLatency(slot: Slot, latencyMs: number, nowMs: number): void {
    const { latencies } = this.#minute(slot, nowMs);
    const bucket = bucketOf(latencyMs);
    latencies[bucket] = (latencies[bucket] ?? 0) + 1;
  }

  addTick(slot: Slot, { requests, clients, failed_clients }: SlotCounts, nowMs: number): void {
    if (requests === 0) return;
    const minute = this.#minute(slot, nowMs);
    minute.requests += requests;
    minute.clients += clients;
    minute.failed_clients += failed_clients;
  }

  /** The hour of a slot; null if it had too few requests. */
  baseline(slot: Slot, nowMs: number): Baseline | null {
    const oldest = numberOf(nowMs) - minutes;
    const recent = this.#minutes[slot].filter(({ number }) => number > oldest);
    const sum = { requests: 0, clients: 0, failed_clients: 0 };
    const latencies = new Uint32Array(buckets);
    for (const minute of recent) {
      sum.requests += minute.requests;
      sum.clients += minute.clients;
      sum.failed_clients += minute.failed_clients;
      for (let bucket = 0; bucket < buckets; bucket++)
        latencies[bucket] = (latencies[bucket] ?? 0) + (minute.latencies[bucket] ?? 0);
    }
    if (sum.requests < this.fewestRequests) return null;
    const [p50_ms, p95_ms, p99_ms] = percentiles(latencies, [0.5, 0.95, 0.99]);
    // All of them may have been streams.
    if (p50_ms === undefined || p95_ms === undefined || p99_ms === undefined) return null;
    return { ...sum, p50_ms, p95_ms, p99_ms };
  }

  #minute(slot: Slot, nowMs: number): Minute {
    const number = numberOf(nowMs);
    const list = this.#minutes[slot];
    const last = list.at(-1);
    if (last?.number === number) return last;
    const minute = {
      number,
      requests: 0,
      clients: 0,
      failed_clients: 0,
      latencies: new Uint32Array(buckets),
    };
    list.push(minute);
    while ((list[0]?.number ?? number) <= number - minutes) list.shift();
    return minute;
  }
}

const numberOf = (nowMs: number): number => Math.floor(nowMs / minuteMs);

/** The upper bounds of the buckets that hold the percentiles; undefined without latencies. Shares ascend. */
const percentiles = (latencies: Uint32Array, shares: readonly number[]): (number | undefined)[] => {
  const total = latencies.reduce((sum, count) => sum + count, 0);
  let bucket = -1;
  let seen = 0;
  return shares.map((share) => {
    if (total === 0) return undefined;
    while (seen < Math.ceil(share * total)) seen += latencies[++bucket] ?? 0;
    return upperBoundMs(bucket);
  });
};
