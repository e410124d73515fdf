import { latencyMetrics, type Slot, type SlotCounts } from "./tick.ts";

const forgetAfterMs = { failed: 3_600_000, slow: 300_000 };
/** Of each kind; bounds the memory to about 100 MB under an attack. The longest-known client is forgotten first. */
const mostClients = 1_000_000;

export type ClientId = string | number;

/** Latencies in milliseconds above which a request is slow; null if blue has no baseline. */
export type SlowThresholds = Readonly<Record<(typeof latencyMetrics)[number], number>> | null;

/**
 * Counts clients of both slots for the judge.
 *
 * A client that fails counts once an hour, and one that is slow once in five minutes for each threshold. A few clients
 * that retry, or that fail always, are in one slot by chance and stay there. Counted in each tick, they look like harm:
 * in simulated hours without harm but with retries, 5 of 100 were reverted, and none when counted once.
 */
export class ClientCounter {
  readonly #thresholds: SlowThresholds;
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

  /** Counts a request that has ended. `nowMs` is monotonic. */
  record(slot: Slot, request: { client: ClientId; failed: boolean; latencyMs: number }, nowMs: number): void {
    const { client, failed, latencyMs } = request;
    const counts = this.#counts[slot];
    counts.requests += 1;
    if (counts.clients.size >= mostClients && !counts.clients.has(client)) return;
    counts.clients.add(client);
    if (failed && this.#seen.failed.isNew(client, nowMs)) counts.failed_clients += 1;
    for (const metric of latencyMetrics)
      if (
        this.#thresholds &&
        counts.slow_clients &&
        latencyMs > this.#thresholds[metric] &&
        this.#seen[metric].isNew(client, nowMs)
      )
        counts.slow_clients[metric] += 1;
  }

  /** Ends the tick: returns its counts and starts the next one. */
  take(): Record<Slot, SlotCounts> {
    const { blue, green } = this.#counts;
    this.#counts = { blue: openCounts(this.#thresholds), green: openCounts(this.#thresholds) };
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

/** Clients and when each was counted, the longest ago first. */
class RecentClients {
  readonly #countedAt = new Map<ClientId, number>();

  constructor(readonly forgetAfterMs: number) {}

  /** Whether the client was not counted recently; if so, it is counted now. */
  isNew(client: ClientId, nowMs: number): boolean {
    const before = this.#countedAt.get(client);
    if (before !== undefined && nowMs - before < this.forgetAfterMs) return false;
    this.#countedAt.delete(client);
    this.#countedAt.set(client, nowMs);
    for (const [oldest, at] of this.#countedAt) {
      if (nowMs - at < this.forgetAfterMs && this.#countedAt.size <= mostClients) break;
      this.#countedAt.delete(oldest);
    }
    return true;
  }
}
