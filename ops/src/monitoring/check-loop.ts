import type { Clock } from "../core/clock.ts";

const successesToSettle = 2;

export interface CheckLoopOptions {
  /** Resolves with whether the check succeeded. */
  check: () => Promise<boolean>;
  onError: (error: unknown) => void;
  clock: Clock;
  /** From the start of one check to the start of the next. */
  intervalMs: number;
  /** The interval while checks fail, and until two in a row have succeeded. */
  failingIntervalMs: number;
}

/** Runs a check at intervals, one at a time. */
export class CheckLoop {
  readonly #options: CheckLoopOptions;
  #state: "new" | "running" | "stopped" = "new";
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;
  #checkedAtMs = 0;
  #successesInARow = 0;

  constructor(options: CheckLoopOptions) {
    this.#options = options;
  }

  get state(): "new" | "running" | "stopped" {
    return this.#state;
  }

  /** Starts to check, unless it has started before. Resolves when the current check has finished. */
  async start(): Promise<void> {
    if (this.#state === "new") {
      this.#state = "running";
      this.#checkNow();
    }
    await this.#checking;
  }

  /** Stops permanently. Resolves when the current check has finished. */
  async stop(): Promise<void> {
    this.#state = "stopped";
    clearTimeout(this.#timer);
    await this.#checking;
  }

  /** Runs the next check early, no sooner than `failingIntervalMs`: a connection that always breaks would cause a busy loop. */
  hurry(): void {
    this.#scheduleAfter(this.#options.failingIntervalMs);
  }

  #checkNow(): void {
    clearTimeout(this.#timer);
    this.#checkedAtMs = this.#options.clock.monotonicMs();
    this.#checking = this.#check().finally(() => {
      this.#checking = undefined;
      const { intervalMs, failingIntervalMs } = this.#options;
      this.#scheduleAfter(this.#successesInARow >= successesToSettle ? intervalMs : failingIntervalMs);
    });
  }

  async #check(): Promise<void> {
    try {
      this.#successesInARow = (await this.#options.check()) ? this.#successesInARow + 1 : 0;
    } catch (error) {
      this.#options.onError(error);
    }
  }

  /** Schedules the next check `ms` after the start of the last one, or now if that time has passed. */
  #scheduleAfter(ms: number): void {
    if (this.#state !== "running" || this.#checking) return;
    clearTimeout(this.#timer);
    const waitMs = this.#checkedAtMs + ms - this.#options.clock.monotonicMs();
    this.#timer = setTimeout(() => this.#checkNow(), Math.max(0, waitMs));
    this.#timer.unref();
  }
}
