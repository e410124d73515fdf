import type { Kysely } from "kysely";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { ErrorCounts } from "./error-counts.ts";
import { writeErrorMinute } from "./error-minutes.ts";
import { GaugeBuffer } from "./gauge-buffer.ts";
import { writeGaugeMinute } from "./gauge-minutes.ts";
import type { GaugeSnapshot } from "./gauges.ts";
import { writeMinute } from "./minutes.ts";
import { isPermanent } from "./permanent-error.ts";
import { writeSlices } from "./since.ts";
import { SliceBuffer } from "./slice-buffer.ts";
import type { TotalsSource } from "./slice-meter.ts";
import { type MinuteSource, WriteBuffer } from "./write-buffer.ts";

export interface RecordingOptions {
  performance: MinuteSource & TotalsSource;
  log: Logger;
  clock: Clock;
  instanceId: string;
  /** Calls `work` with a connection to a database that has the tables of the fleet. */
  connected: (work: (db: Kysely<unknown>) => Promise<void>) => Promise<void>;
}

/** What a process records for the fleet, in bounded memory until it is in the database. */
export class Recording {
  readonly errors: ErrorCounts;
  readonly #minutes: WriteBuffer;
  readonly #gauges: GaugeBuffer;
  readonly #slices: SliceBuffer;
  readonly #options: RecordingOptions;

  constructor(options: RecordingOptions) {
    this.#options = options;
    this.errors = new ErrorCounts(options.clock);
    this.#minutes = new WriteBuffer(options);
    this.#gauges = new GaugeBuffer(options.clock);
    this.#slices = new SliceBuffer(options);
  }

  /** Number of buffered minutes, of requests or gauges. */
  get waiting(): number {
    return Math.max(this.#minutes.length, this.#gauges.length);
  }

  collect(snapshot: GaugeSnapshot): void {
    this.#minutes.collect();
    this.#gauges.add(snapshot);
    this.#slices.collect();
  }

  /** Ends the current minute; for the last write. */
  finish(): void {
    this.#minutes.collect({ unfinished: true });
    this.#gauges.finish();
    this.#slices.collect();
  }

  /** @throws if the database is unavailable; data that could not be written is kept */
  async writeAll(): Promise<void> {
    const { connected, instanceId } = this.#options;
    await this.#minutes.writeAll((minute, writer) => connected((db) => writeMinute(db, writer, minute)));
    await this.#gauges.writeAll((minute) => connected((db) => writeGaugeMinute(db, instanceId, minute)));
    await this.writeErrors();
    await this.#writeSlices();
  }

  /** @throws if the database is unavailable */
  async writeErrors(): Promise<void> {
    const { connected, instanceId, log } = this.#options;
    await this.errors.writeAll((minute) =>
      connected((db) => writeErrorMinute(db, instanceId, minute)).catch((error) => {
        if (!isPermanent(error)) throw error;
        log.error({ err: error }, "the errors of a minute cannot be stored and are skipped");
      }),
    );
  }

  /**
   * Writes the requests up to now.
   *
   * @throws if the database is unavailable
   */
  async writeLatestRequests(): Promise<void> {
    this.#slices.collect();
    await this.#writeSlices();
  }

  async #writeSlices(): Promise<void> {
    const { connected, instanceId } = this.#options;
    await this.#slices.writeAll((slices) => connected((db) => writeSlices(db, instanceId, slices)));
  }
}
