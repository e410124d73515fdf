/** Requests of a period, and how many of them failed. */
export interface RequestCounts {
  requests: number;
  errors: number;
}

/** Counts by the minute, of a limited number of minutes. */
export class MinuteCounts {
  readonly #minutes = new Map<number, RequestCounts>();
  readonly #kept: number;

  /** @param kept the number of minutes, the current one included */
  constructor(kept: number) {
    this.#kept = kept;
  }

  /** @param nowMs never goes back */
  add(nowMs: number, { requests, errors }: RequestCounts): void {
    const now = minuteOf(nowMs);
    for (const minute of this.#minutes.keys()) if (minute <= now - this.#kept) this.#minutes.delete(minute);
    if (requests === 0) return;
    const before = this.#minutes.get(now) ?? { requests: 0, errors: 0 };
    this.#minutes.set(now, {
      requests: before.requests + requests,
      errors: before.errors + errors,
    });
  }

  /** The sum of the last `minutes`, the current one included. */
  sum(nowMs: number, minutes: number): RequestCounts {
    const sum = { requests: 0, errors: 0 };
    for (const [minute, { requests, errors }] of this.#minutes) {
      if (minute <= minuteOf(nowMs) - minutes) continue;
      sum.requests += requests;
      sum.errors += errors;
    }
    return sum;
  }
}

const minuteOf = (ms: number): number => Math.floor(ms / 60_000);
