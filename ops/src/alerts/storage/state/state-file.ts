import { randomUUID } from "node:crypto";
import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { removeFile, replaceFile, syncDirectory } from "../../../core/atomic-file.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Logger } from "../../../core/logger.ts";
import { thisProcess } from "../../../core/process-lease.ts";
import { type SavedState, writeState } from "./saved-state.ts";
import { type LeftState, takeOver } from "./take-over.ts";

const maintenanceIntervalMs = 60_000;

export interface StateFileOptions {
  dataDir: string;
  /** Called for the state when it is about to be written. */
  take: () => SavedState;
  /** Called with each state that another process has left. */
  adopt: (state: SavedState) => void;
  clock: Clock;
  log: Logger;
}

/**
 * Saves the state to a file of this process in `<dataDir>/alerts/state`, atomically, and takes over the files of
 * processes that have ended. If the file cannot be written, alerts continue without it, and the log says so once.
 */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #directory: string;
  readonly #name = `state-${process.pid}-${randomUUID().slice(0, 8)}.json`;
  readonly #here = thisProcess();
  /** Files that were taken over; removed when their content is part of a saved state. */
  #left: LeftState[] = [];
  readonly #reported = new Set<string>();
  #writing: Promise<void> | undefined;
  #again = false;
  #isReleasing = false;
  #releasing: Promise<void> | undefined;
  #failing = false;
  #maintainedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#directory = join(options.dataDir, "alerts", "state");
  }

  /** Renews the lease and takes over the files of dead processes, once a minute. */
  maintain(): void {
    const { clock, adopt, log } = this.#options;
    if (clock.monotonicMs() - this.#maintainedAtMs < maintenanceIntervalMs) return;
    this.#maintainedAtMs = clock.monotonicMs();
    this.#attempt(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      this.#renewLease();
      // Files carry the time of the system, whatever the clock says.
      const from = {
        directory: this.#directory,
        ownName: this.#name,
        here: this.#here,
        log,
        nowMs: Date.now(),
        reported: this.#reported,
      };
      for (const left of takeOver(from)) {
        adopt(left.state);
        this.#left.push(left);
      }
    });
    if (this.#left.length > 0) void this.save();
  }

  /** Resolves when the current state, or a later one, is on disk, or when the write failed and was logged. */
  save(): Promise<void> {
    return this.#releasing ?? this.#save();
  }

  /**
   * Saves the state for the last time. Another container cannot see whether this process runs, so the state is marked
   * as left; it must not be written afterwards.
   */
  release(): Promise<void> {
    this.#isReleasing = true;
    this.#releasing ??= this.#save();
    return this.#releasing;
  }

  /** Resolves when nothing is being written. */
  async atRest(): Promise<void> {
    await this.#writing;
  }

  async #save(): Promise<void> {
    if (this.#writing) this.#again = true;
    this.#writing ??= this.#write().finally(() => {
      this.#writing = undefined;
    });
    await this.#writing;
  }

  async #write(): Promise<void> {
    do {
      this.#again = false;
      const left = this.#left;
      try {
        const text = writeState(this.#options.take(), this.#here, this.#isReleasing);
        const path = join(this.#directory, this.#name);
        await replaceFile(path, `${path}.new`, text);
        await syncDirectory(this.#directory);
        for (const { path: taken } of left) await removeFile(taken);
        this.#left = this.#left.filter((one) => !left.includes(one));
        this.#failing = false;
      } catch (error) {
        this.#failed(error);
      }
    } while (this.#again);
  }

  #renewLease(): void {
    const now = new Date();
    try {
      utimesSync(join(this.#directory, this.#name), now, now);
    } catch {
      // Nothing has been saved yet.
    }
  }

  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) this.#options.log.error({ err: error }, "the state of the alerts cannot be saved");
    this.#failing = true;
  }
}
