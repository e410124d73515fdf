import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { LedgerRecord } from "../audit/ledger.ts";
import { type Refused, RefusedAttempts } from "./refused-attempts.ts";

const windowMs = 60_000;
const checkEveryMs = 1_000;

export interface RefusalSummaryOptions {
  /** Chains an entry to the ledger. */
  record: (event: LedgerRecord) => Promise<unknown>;
  clock: Clock;
  log: Pick<Logger, "error">;
}

/**
 * Counts refused requests of people without permission. The first one is recorded individually and opens a window of one
 * minute. Those within the window become one entry at its end, which opens the next window. The ledger therefore grows
 * by at most two entries a minute, regardless of the number of accounts.
 */
export class RefusalSummary {
  readonly #record: RefusalSummaryOptions["record"];
  readonly #clock: Clock;
  readonly #log: RefusalSummaryOptions["log"];
  #counted: RefusedAttempts | undefined;
  #openedMs = 0;
  #ticks: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor({ record, clock, log }: RefusalSummaryOptions) {
    this.#record = record;
    this.#clock = clock;
    this.#log = log;
  }

  /** Counts a request and returns true, or opens a window and returns false: the caller then records the request. */
  counts(refused: Refused): boolean {
    this.#closeOldWindow();
    if (!this.#counted) {
      this.#open();
      return false;
    }
    this.add(refused);
    return true;
  }

  /** Counts a request unconditionally, for example one that could not be recorded individually. */
  add(refused: Refused): void {
    (this.#counted ?? this.#open()).add(refused, this.#clock.now());
  }

  /** Records the current counts; call it when the server stops. Never fails. */
  async close(): Promise<void> {
    clearInterval(this.#ticks);
    this.#summarize();
    await this.#writing;
    // A failed summary is tried once more, and then only logged.
    this.#summarize();
    await this.#writing;
    clearInterval(this.#ticks);
  }

  #open(): RefusedAttempts {
    clearInterval(this.#ticks);
    this.#ticks = setInterval(() => this.#closeOldWindow(), checkEveryMs).unref();
    this.#openedMs = this.#clock.monotonicMs();
    this.#counted = new RefusedAttempts();
    return this.#counted;
  }

  #closeOldWindow(): void {
    if (this.#counted && this.#clock.monotonicMs() - this.#openedMs >= windowMs) this.#summarize();
  }

  #summarize(): void {
    const counted = this.#counted;
    clearInterval(this.#ticks);
    this.#counted = undefined;
    if (!counted || counted.size === 0) return;
    this.#open();
    this.#writing = this.#writing.then(() => this.#write(counted));
  }

  async #write(counted: RefusedAttempts): Promise<void> {
    const { operator, origin, result } = counted.summary();
    try {
      await this.#record({
        action: "refusals.summary",
        operator,
        origin,
        at: this.#clock.now(),
        reason: "no permission",
        result,
      });
    } catch (err) {
      this.#log.error({ err, refusals: result }, "a summary of refused attempts was not recorded yet");
      (this.#counted ?? this.#open()).take(counted);
    }
  }
}
