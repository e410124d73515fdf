import type { Clock } from "../../lib/clock.ts";
import type { Logger } from "../../lib/log.ts";
import { type Minute, withSum } from "./minutes.ts";

/** The oldest are given up. */
const mostWaiting = 120;

/** Of the SQLSTATEs those that another try meets again: cardinality, data and integrity. */
const aboutTheData = /^2[123]...$/;

/** What the fleet needs of whoever counts requests. */
export interface MinuteSource {
  /** The minutes that are over and began after the one of `afterMs`, the oldest first. */
  minutesAfter(afterMs: number): Minute[];
}

/** Minutes that are over and not in the database yet. */
export class WaitingMinutes {
  readonly #performance: MinuteSource;
  readonly #log: Logger;
  /** Oldest first. */
  readonly #minutes: Minute[] = [];
  #collectedMs: number;

  constructor({ performance, log, clock }: { performance: MinuteSource; log: Logger; clock: Clock }) {
    this.#performance = performance;
    this.#log = log;
    // The minute in which this begins is the first that it has something to say about.
    this.#collectedMs = (Math.floor(clock.now().getTime() / 60_000) - 1) * 60_000;
  }

  get length(): number {
    return this.#minutes.length;
  }

  /** Adds what is over since the last time: more than a minute where the process was held up in between. */
  collect(): void {
    for (const minute of this.#performance.minutesAfter(this.#collectedMs)) {
      this.#collectedMs = minute.startedAt.getTime();
      this.#minutes.push(withSum(minute));
      if (this.#minutes.length > mostWaiting) this.#minutes.shift();
    }
  }

  /**
   * Hands all of them to `store`, the oldest first.
   *
   * @throws whatever `store` throws, unless it says that the database will never take this minute: that is left out,
   *   so that one with a route whose name cannot be stored holds up no other
   */
  async writeAll(store: (minute: Minute) => Promise<void>): Promise<void> {
    for (let minute = this.#minutes[0]; minute; minute = this.#minutes[0]) {
      const { startedAt } = minute;
      await store(minute).catch((error) => {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (!aboutTheData.test(code)) throw error;
        this.#log.error({ err: error, minute: startedAt }, "a minute cannot be stored and is left out");
      });
      // While it was stored it may have been given up.
      if (this.#minutes[0] === minute) this.#minutes.shift();
    }
  }
}
