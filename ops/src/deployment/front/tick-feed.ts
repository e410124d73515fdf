import { EventEmitter, on } from "node:events";
import type { Clock } from "../../core/clock.ts";
import { type Baseline, slowThresholds } from "../traffic/baseline.ts";
import { ClientCounter, type Outcome } from "../traffic/client-counter.ts";
import type { Division } from "../traffic/division-file.ts";
import { type Slot, slots, type Tick } from "../traffic/traffic-switch.ts";
import { LastHour } from "./last-hour.ts";

const tickMs = 5_000;

export interface TickFeedOptions {
  clock: Clock;
  /** The division in effect. */
  division: () => Division;
  /** With fewer requests, an hour is no baseline. */
  baselineRequests: number;
}

/** Counts what clients experience, hands each tick to all that follow, and remembers the last hour. */
export class TickFeed {
  readonly #events = new EventEmitter<{ tick: [Tick] }>().setMaxListeners(0);
  readonly #counter: ClientCounter;
  readonly #hour: LastHour;
  readonly #timer: NodeJS.Timeout;
  #from: Date;

  constructor(private readonly options: TickFeedOptions) {
    const { clock, division, baselineRequests } = options;
    this.#counter = new ClientCounter(slowThresholds(division().baseline));
    this.#hour = new LastHour(baselineRequests);
    this.#from = clock.now();
    this.#timer = setInterval(() => this.cut(), tickMs);
  }

  count(outcome: Outcome): void {
    const nowMs = this.options.clock.monotonicMs();
    this.#counter.record(outcome, nowMs);
    if (outcome.latencyMs !== undefined) this.#hour.addLatency(outcome.slot, outcome.latencyMs, nowMs);
  }

  /**
   * Ends the current tick. The next one finds slow clients by the baseline in effect.
   *
   * @param division the one that the tick was recorded under
   */
  cut(division = this.options.division()): void {
    const { clock } = this.options;
    const now = clock.now();
    const counts = this.#counter.take(slowThresholds(this.options.division().baseline));
    for (const slot of slots) this.#hour.addTick(slot, counts[slot], clock.monotonicMs());
    const { weights, epoch } = division;
    const tick = { from: this.#from.toISOString(), to: now.toISOString(), weights, epoch, slots: counts };
    this.#from = now;
    this.#events.emit("tick", tick);
  }

  /** The last hour of a slot, without the current tick; null if it had too few requests. */
  baseline(slot: Slot): Baseline | null {
    return this.#hour.baseline(slot, this.options.clock.monotonicMs());
  }

  /** Ticks from now on, until the signal aborts. */
  async *follow(signal: AbortSignal): AsyncGenerator<Tick> {
    try {
      for await (const [tick] of on(this.#events, "tick", { signal })) yield tick as Tick;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
