import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { RecordedMinute } from "../requests/request-metrics.ts";
import { type Minute, withSum } from "./minutes.ts";

/** The oldest are given up. */
const mostWaiting = 120;

/** Of the SQLSTATEs those that another try meets again: cardinality, data and integrity. */
const aboutTheData = /^2[123]...$/;

/** What the fleet needs of whoever counts requests. */
export interface MinuteSource {
  /** The minutes that began after the one of `afterMs`, the oldest first: those that are over, unless `unfinished`. */
  minutesAfter(afterMs: number, options?: { unfinished: boolean }): RecordedMinute[];
}

/** A minute and the id of the instance under which it is written. */
interface WaitingMinute extends Minute {
  writer: string;
}

export interface WriteBufferOptions {
  performance: MinuteSource;
  log: Logger;
  clock: Clock;
  instanceId: string;
}

/** Minutes that are to be written and not in the database yet. */
export class WriteBuffer {
  readonly #performance: MinuteSource;
  readonly #log: Logger;
  /** Oldest first. */
  readonly #minutes: WaitingMinute[] = [];
  #collectedMs: number;
  #newest: Date | undefined;
  #writer: string;

  constructor({ performance, log, clock, instanceId }: WriteBufferOptions) {
    this.#performance = performance;
    this.#log = log;
    this.#writer = instanceId;
    // The minute in which this begins is the first that it has something to say about.
    this.#collectedMs = (Math.floor(clock.now().getTime() / 60_000) - 1) * 60_000;
  }

  get length(): number {
    return this.#minutes.length;
  }

  /**
   * Adds what is over since the last time: more than a minute where the process was held up in between.
   *
   * @param options.unfinished adds what there is of the minute under way, too: for the last time
   */
  collect(options?: { unfinished: boolean }): void {
    for (const minute of this.#performance.minutesAfter(this.#collectedMs, options)) {
      this.#collectedMs = minute.startedMs;
      // The wall clock has gone back: under another id, what comes now does not take the place of what was written.
      if (this.#newest && minute.startedAt <= this.#newest) this.#writer = randomUUID();
      this.#newest = minute.startedAt;
      this.#minutes.push({ ...withSum(minute), writer: this.#writer });
      if (this.#minutes.length > mostWaiting) this.#minutes.shift();
    }
  }

  /**
   * Hands all of them to `store`, the oldest first.
   *
   * @throws whatever `store` throws, unless it says that the database will never take this minute: that is left out,
   *   so that one with a route whose name cannot be stored holds up no other
   */
  async writeAll(store: (minute: Minute, writer: string) => Promise<void>): Promise<void> {
    for (let minute = this.#minutes[0]; minute; minute = this.#minutes[0]) {
      const { startedAt, writer } = minute;
      await store(minute, writer).catch((error) => {
        const code = error instanceof Error && "code" in error ? String(error.code) : "";
        if (!aboutTheData.test(code)) throw error;
        this.#log.error({ err: error, minute: startedAt }, "a minute cannot be stored and is left out");
      });
      // While it was stored it may have been given up.
      if (this.#minutes[0] === minute) this.#minutes.shift();
    }
  }
}
