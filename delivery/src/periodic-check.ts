import type { Logger } from "earlybird";

const intervalMs = 5 * 60_000;

/**
 * Looks after something that nobody asks for, every five minutes. A check that fails is logged and tried again; one
 * that takes longer is not begun a second time.
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

  /** Ends the checks; the one under way is awaited. */
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
