import { randomUUID } from "node:crypto";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { RecordedMinute } from "../requests/request-metrics.ts";
import { type Minute, withSum } from "./minutes.ts";
import { isPermanent } from "./permanent-error.ts";

/** Above this, the oldest are dropped. */
const maxMinutes = 120;

/** What the fleet needs of the request metrics. */
export interface MinuteSource {
  /** The finished minutes after that of `afterMs`, oldest first; with `unfinished`, also the current one. */
  minutesAfter(afterMs: number, options?: { unfinished: boolean }): RecordedMinute[];
}

/** A minute, and the instance id that it is written under. */
interface BufferedMinute extends Minute {
  writer: string;
}

export interface WriteBufferOptions {
  performance: MinuteSource;
  log: Logger;
  clock: Clock;
  instanceId: string;
}

/** Minutes that are not in the database yet. */
export class WriteBuffer {
  readonly #performance: MinuteSource;
  readonly #log: Logger;
  /** Oldest first. */
  readonly #minutes: BufferedMinute[] = [];
  #collectedMs: number;
  #newest: Date | undefined;
  #writer: string;

  constructor({ performance, log, clock, instanceId }: WriteBufferOptions) {
    this.#performance = performance;
    this.#log = log;
    this.#writer = instanceId;
    // The first minute to collect is the current one.
    this.#collectedMs = (Math.floor(clock.now().getTime() / 60_000) - 1) * 60_000;
  }

  get length(): number {
    return this.#minutes.length;
  }

  /**
   * Adds the minutes finished since the last call: several if the process was blocked.
   *
   * @param options.unfinished also adds the current minute up to now, for the last call
   */
  collect(options?: { unfinished: boolean }): void {
    for (const minute of this.#performance.minutesAfter(this.#collectedMs, options)) {
      this.#collectedMs = minute.startedMs;
      // The wall clock was set back. Under a new id, minutes do not replace those already written.
      if (this.#newest && minute.startedAt <= this.#newest) this.#writer = randomUUID();
      this.#newest = minute.startedAt;
      this.#minutes.push({ ...withSum(minute), writer: this.#writer });
      if (this.#minutes.length > maxMinutes) this.#minutes.shift();
    }
  }

  /**
   * Passes all minutes to `store`, oldest first.
   *
   * @throws an error of `store`, unless it is permanent. Such a minute is skipped, so that a route whose name cannot be
   *   stored does not block the others
   */
  async writeAll(store: (minute: Minute, writer: string) => Promise<void>): Promise<void> {
    for (let minute = this.#minutes[0]; minute; minute = this.#minutes[0]) {
      const { startedAt, writer } = minute;
      await store(minute, writer).catch((error) => {
        if (!isPermanent(error)) throw error;
        this.#log.error({ err: error, minute: startedAt }, "a minute cannot be stored and is skipped");
      });
      // It may have been dropped while it was stored.
      if (this.#minutes[0] === minute) this.#minutes.shift();
    }
  }
}
