import { bucketOf } from "../../core/latency-bucket.ts";
import type { BucketCounts, Slot, SlotTick, Tick, Weights } from "../traffic/traffic-switch.ts";

/** Clients that a tick tells apart, for each slot: about 10 MB. */
export const clientsPerTick = 100_000;

/** A request that ended. */
export interface Outcome {
  slot: Slot;
  /** Hash of the client. */
  client: number;
  failed: boolean;
  /** Undefined for streams and for requests whose client gave up. */
  durationMs: number | undefined;
}

/** Counts the outcomes of one tick of one slot. */
class SlotCounts {
  #requests = 0;
  #failed = 0;
  #capped = false;
  readonly #latency = new Map<number, number>();
  /** By client: twice the bucket of its slowest request, plus one if a request failed. */
  readonly #clients = new Map<number, number>();

  count({ client, failed, durationMs }: Outcome): void {
    this.#requests += 1;
    if (failed) this.#failed += 1;
    const bucket = durationMs === undefined ? 0 : bucketOf(durationMs);
    if (durationMs !== undefined) this.#latency.set(bucket, (this.#latency.get(bucket) ?? 0) + 1);
    const known = this.#clients.get(client);
    if (known === undefined && this.#clients.size >= clientsPerTick) {
      this.#capped = true;
      return;
    }
    const slowest = Math.max((known ?? 0) >> 1, bucket);
    this.#clients.set(client, slowest * 2 + ((known ?? 0) % 2 || failed ? 1 : 0));
  }

  summary(): SlotTick {
    const slowest = new Map<number, number>();
    let failedClients = 0;
    for (const value of this.#clients.values()) {
      failedClients += value % 2;
      slowest.set(value >> 1, (slowest.get(value >> 1) ?? 0) + 1);
    }
    return {
      requests: this.#requests,
      failed: this.#failed,
      clients: this.#clients.size,
      failedClients,
      latency: sorted(this.#latency),
      slowest: sorted(slowest),
      capped: this.#capped,
    };
  }
}

const sorted = (counts: ReadonlyMap<number, number>): BucketCounts => [...counts].sort(([a], [b]) => a - b);

/** What a tick was recorded under. */
export interface TickScope {
  weights: Weights;
  epoch: number;
}

/** Collects outcomes; {@link cut} ends a tick and begins the next. */
export class TickRecorder {
  #from: Date;
  #slots = { blue: new SlotCounts(), green: new SlotCounts() };

  constructor(now: Date) {
    this.#from = now;
  }

  count(outcome: Outcome): void {
    this.#slots[outcome.slot].count(outcome);
  }

  cut(now: Date, { weights, epoch }: TickScope): Tick {
    const { blue, green } = this.#slots;
    const tick: Tick = {
      from: this.#from.toISOString(),
      to: now.toISOString(),
      weights,
      epoch,
      slots: { blue: blue.summary(), green: green.summary() },
    };
    this.#from = now;
    this.#slots = { blue: new SlotCounts(), green: new SlotCounts() };
    return tick;
  }
}
