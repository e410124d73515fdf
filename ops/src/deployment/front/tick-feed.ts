import { EventEmitter, on } from "node:events";
import type { Clock } from "../../core/clock.ts";
import type { Division } from "../traffic/division-file.ts";
import type { Tick } from "../traffic/traffic-switch.ts";
import { type Outcome, TickRecorder } from "./ticks.ts";

const tickMs = 5_000;

/** Records ticks and hands each to all that follow. */
export class TickFeed {
  readonly #events = new EventEmitter<{ tick: [Tick] }>().setMaxListeners(0);
  readonly #recorder: TickRecorder;
  readonly #timer: NodeJS.Timeout;

  constructor(
    private readonly clock: Clock,
    private readonly division: () => Division,
    private readonly onTick: (tick: Tick) => void,
    everyMs = tickMs,
  ) {
    this.#recorder = new TickRecorder(clock.now());
    this.#timer = setInterval(() => this.cut(), everyMs);
  }

  count(outcome: Outcome): void {
    this.#recorder.count(outcome);
  }

  /** Ends the current tick. */
  cut(): void {
    const tick = this.#recorder.cut(this.clock.now(), this.division());
    this.onTick(tick);
    this.#events.emit("tick", tick);
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
