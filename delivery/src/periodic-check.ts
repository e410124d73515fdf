import type { Logger } from "@earlybird-ops/platform";

const intervalMs = 5 * 60_000;

/**
 * Runs a check every five minutes. A check that fails is logged and retried; while one is running, no other starts.
 */
export class PeriodicCheck {
  readonly #check: () => Promise<void>;
  readonly #log: Pick<Logger, "warn">;
  #timer: NodeJS.Timeout | undefined;
  #checking: Promise<void> | undefined;

  constructor({ check, log }: { check: () => Promise<void>; log: Pick<Logger, "warn"> }) {
    this.#check = check;
    this.#log = log;
  }

  /** Checks now and every five minutes. */
  start(): void {
    this.#timer = setInterval(() => this.#checkUnlessBusy(), intervalMs);
    this.#timer.unref();
    this.#checkUnlessBusy();
  }

  /** Stops the checks and waits for a running one. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#checking;
  }

  #checkUnlessBusy(): void {
    this.#checking ??= this.#check()
      .catch((err: unknown) => this.#log.warn({ err }, "what may need the operators could not be checked"))
      .finally(() => {
        this.#checking = undefined;
      });
  }
}
