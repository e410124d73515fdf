import type { Clock } from "../../core/clock.ts";
import { type GaugeName, type GaugeSnapshot, gaugesOf } from "./gauges.ts";

const minuteMs = 60_000;

/** Above this, the oldest are dropped. */
const maxMinutes = 120;

/** The samples of a gauge in a minute. */
export interface GaugeSum {
  samples: number;
  total: number;
  highest: number;
}

/** The gauges of one process in one minute. */
export interface GaugeMinute {
  startedAt: Date;
  sums: ReadonlyMap<GaugeName, GaugeSum>;
}

/** Sums the gauges of the snapshots by the minute, until they are in the database. */
export class GaugeBuffer {
  readonly #clock: Clock;
  readonly #finished: GaugeMinute[] = [];
  #current: { startedMs: number; sums: Map<GaugeName, GaugeSum> } | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Number of finished minutes. */
  get length(): number {
    return this.#finished.length;
  }

  add(snapshot: GaugeSnapshot): void {
    const startedMs = Math.floor(this.#clock.now().getTime() / minuteMs) * minuteMs;
    if (this.#current?.startedMs !== startedMs) this.finish();
    this.#current ??= { startedMs, sums: new Map() };
    const { sums } = this.#current;
    for (const [name, value] of Object.entries(gaugesOf(snapshot)) as [GaugeName, number][]) {
      const { samples, total, highest } = sums.get(name) ?? { samples: 0, total: 0, highest: value };
      sums.set(name, { samples: samples + 1, total: total + value, highest: Math.max(highest, value) });
    }
  }

  /** Ends the current minute; for the last write. */
  finish(): void {
    if (!this.#current) return;
    const { startedMs, sums } = this.#current;
    this.#current = undefined;
    this.#finished.push({ startedAt: new Date(startedMs), sums });
    if (this.#finished.length > maxMinutes) this.#finished.shift();
  }

  /**
   * Passes the finished minutes to `store`, oldest first.
   *
   * @throws an error of `store`; the minutes that are not stored are kept
   */
  async writeAll(store: (minute: GaugeMinute) => Promise<void>): Promise<void> {
    for (let minute = this.#finished[0]; minute; minute = this.#finished[0]) {
      await store(minute);
      // It may have been dropped while it was stored.
      if (this.#finished[0] === minute) this.#finished.shift();
    }
  }
}
