import type { Logger } from "../../core/logger.ts";
import type { LedgerRecord } from "../audit/ledger.ts";

const againAfterMs = 5_000;
const mostWaiting = 1_000;

export interface EventQueueOptions {
  /** Chains an entry to the ledger. */
  record: (event: LedgerRecord) => Promise<unknown>;
  log: Pick<Logger, "error">;
  retryMs?: number;
}

/**
 * Records events that must not wait for the database, such as a mute while it is away: each at once where possible,
 * else when the database is back. An event that has to wait is in the log as well, since it does not outlive the
 * process.
 */
export class EventQueue {
  readonly #record: EventQueueOptions["record"];
  readonly #log: EventQueueOptions["log"];
  readonly #retryMs: number;
  /** Oldest first. */
  readonly #waiting: { event: LedgerRecord; logged: boolean }[] = [];
  #working: Promise<void> | undefined;
  #retry: NodeJS.Timeout | undefined;

  constructor({ record, log, retryMs = againAfterMs }: EventQueueOptions) {
    this.#record = record;
    this.#log = log;
    this.#retryMs = retryMs;
  }

  /** Returns at once, and never fails. */
  add(event: LedgerRecord): void {
    if (this.#waiting.length >= mostWaiting) {
      this.#log.error({ event }, "too much waits for the ledger: this is in the log only");
      return;
    }
    this.#waiting.push({ event, logged: false });
    void this.#work();
  }

  /** Tries once more to record what waits; call it when the server ends. */
  async close(): Promise<void> {
    await this.#working;
    await this.#work();
    clearTimeout(this.#retry);
  }

  #work(): Promise<void> {
    this.#working ??= this.#recordAll().finally(() => {
      this.#working = undefined;
    });
    return this.#working;
  }

  async #recordAll(): Promise<void> {
    clearTimeout(this.#retry);
    for (;;) {
      const [first] = this.#waiting;
      if (!first) return;
      try {
        await this.#record(first.event);
        this.#waiting.shift();
      } catch (err) {
        for (const each of this.#waiting) {
          if (!each.logged) this.#log.error({ err, event: each.event }, "an event waits for the ledger");
          each.logged = true;
        }
        this.#retry = setTimeout(() => void this.#work(), this.#retryMs).unref();
        return;
      }
    }
  }
}
