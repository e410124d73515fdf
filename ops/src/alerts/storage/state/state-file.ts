import { randomUUID } from "node:crypto";
import { mkdirSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { removeFile, replaceFile, syncDirectory } from "../../../core/atomic-file.ts";
import type { Clock } from "../../../core/clock.ts";
import type { Logger } from "../../../core/logger.ts";
import { thisProcess } from "../../../core/process-lease.ts";
import { type SavedState, writeState } from "./saved-state.ts";
import { type LeftState, takeOver } from "./take-over.ts";

const tendEveryMs = 60_000;

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
 * Keeps a state in a file of this process's own in `<dataDir>/alerts/state`, and takes over those of processes
 * that have ended: of the one before a restart, or of another one beside it. What is there is always whole. Where
 * nothing can be written, alerts go on without, and the log says so once.
 */
export class StateFile {
  readonly #options: StateFileOptions;
  readonly #directory: string;
  readonly #name = `state-${process.pid}-${randomUUID().slice(0, 8)}.json`;
  readonly #here = thisProcess();
  /** Taken over, and to be removed once they are part of what is saved. */
  #left: LeftState[] = [];
  readonly #immovable = new Set<string>();
  #writing: Promise<void> | undefined;
  #again = false;
  #isLeaving = false;
  #leaving: Promise<void> | undefined;
  #failing = false;
  #tendedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: StateFileOptions) {
    this.#options = options;
    this.#directory = join(options.dataDir, "alerts", "state");
  }

  /** Every minute: says that its process lives, and takes over from those that do not. */
  tend(): void {
    const { clock, adopt, log } = this.#options;
    if (clock.monotonicMs() - this.#tendedAtMs < tendEveryMs) return;
    this.#tendedAtMs = clock.monotonicMs();
    this.#attempt(() => {
      mkdirSync(this.#directory, { recursive: true, mode: 0o700 });
      this.#sign();
      // Files carry the time of the system, whatever the clock says.
      const from = {
        directory: this.#directory,
        ownName: this.#name,
        here: this.#here,
        log,
        nowMs: Date.now(),
        immovable: this.#immovable,
      };
      for (const left of takeOver(from)) {
        adopt(left.state);
        this.#left.push(left);
      }
    });
    if (this.#left.length > 0) void this.save();
  }

  /** Resolves when the state, as it is now or later, is on disk, or when that has failed and was logged. */
  save(): Promise<void> {
    return this.#leaving ?? this.#save();
  }

  /**
   * Saves the state for the last time, for whoever comes next. In another container that cannot see whether
   * this process runs, so the state says that it was left; and somebody may have it from then on.
   */
  leave(): Promise<void> {
    this.#isLeaving = true;
    this.#leaving ??= this.#save();
    return this.#leaving;
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
        const text = writeState(this.#options.take(), this.#here, this.#isLeaving);
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

  #sign(): void {
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
