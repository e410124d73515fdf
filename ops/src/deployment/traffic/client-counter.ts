import type { SlowThresholds } from "./baseline.ts";
import { latencyMetrics, type SlotCounts } from "./counts.ts";
import { type ClientId, mostClients, RecentClients } from "./recent-clients.ts";
import type { Slot } from "./traffic-switch.ts";

const forgetAfterMs = { failed: 3_600_000, slow: 300_000 };

/** A request that has ended. */
export interface Outcome {
  slot: Slot;
  client: ClientId;
  /** A response of 500 or above, or none. */
  failed: boolean;
  /** Undefined for streams and for requests whose client gave up. */
  latencyMs: number | undefined;
}

/**
 * Counts clients of both slots for the judge.
 *
 * A client that fails counts once an hour, and one that is slow once in five minutes for each threshold. A few clients
 * that retry, or that fail always, are in one slot by chance and stay there. Counted in each tick, they look like harm:
 * in simulated hours without harm but with retries, 5 of 100 were reverted, and none when counted once.
 */
export class ClientCounter {
  #thresholds: SlowThresholds;
  readonly #seen = {
    failed: new RecentClients(forgetAfterMs.failed),
    p50: new RecentClients(forgetAfterMs.slow),
    p95: new RecentClients(forgetAfterMs.slow),
    p99: new RecentClients(forgetAfterMs.slow),
  };
  #counts: Record<Slot, OpenCounts>;

  constructor(thresholds: SlowThresholds) {
    this.#thresholds = thresholds;
    this.#counts = { blue: openCounts(thresholds), green: openCounts(thresholds) };
  }

  /** `nowMs` is monotonic. */
  record({ slot, client, failed, latencyMs }: Outcome, nowMs: number): void {
    const counts = this.#counts[slot];
    counts.requests += 1;
    if (counts.clients.size >= mostClients && !counts.clients.has(client)) return;
    counts.clients.add(client);
    if (failed && this.#seen.failed.isNew(client, nowMs)) counts.failed_clients += 1;
    if (!this.#thresholds || !counts.slow_clients || latencyMs === undefined) return;
    for (const metric of latencyMetrics)
      if (latencyMs > this.#thresholds[metric] && this.#seen[metric].isNew(client, nowMs))
        counts.slow_clients[metric] += 1;
  }

  /** Ends the tick: returns its counts and starts the next one, whose slow clients are found by `thresholds`. */
  take(thresholds = this.#thresholds): Record<Slot, SlotCounts> {
    const { blue, green } = this.#counts;
    this.#thresholds = thresholds;
    this.#counts = { blue: openCounts(thresholds), green: openCounts(thresholds) };
    return { blue: closed(blue), green: closed(green) };
  }
}

type OpenCounts = Omit<SlotCounts, "clients"> & { clients: Set<ClientId> };

const openCounts = (thresholds: SlowThresholds): OpenCounts => ({
  requests: 0,
  clients: new Set(),
  failed_clients: 0,
  slow_clients: thresholds && { p50: 0, p95: 0, p99: 0 },
});

const closed = (counts: OpenCounts): SlotCounts => ({ ...counts, clients: counts.clients.size });
