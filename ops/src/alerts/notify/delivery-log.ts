import type { Incidents } from "../incidents/active.ts";
import type { Records } from "../incidents/records.ts";
import type { Attempt } from "../model/notification.ts";
import type { AlertRecord } from "../model/record.ts";

/** While the database is unavailable, the oldest beyond this number are dropped. */
const mostUnmatched = 1_000;

export interface DeliveryLogOptions {
  records: Records;
  incidents: Incidents;
  /**
   * Reads an alert that this process does not know; null if it does not exist, undefined if the database is
   * unavailable.
   */
  find: (id: string) => Promise<AlertRecord | null | undefined>;
}

/** Adds the attempts of notifications to the records of their alerts. */
export class DeliveryLog {
  readonly #options: DeliveryLogOptions;
  /** Attempts whose alert is not found yet, oldest first. */
  readonly #unmatched: Attempt[] = [];
  #matching: Promise<void> | undefined;
  #hasChanged = false;

  constructor(options: DeliveryLogOptions) {
    this.#options = options;
  }

  add(attempt: Attempt): void {
    const known = this.recordOf(attempt.alert_id);
    if (known) {
      this.#write(known, attempt);
      return;
    }
    // It may be a notification of an earlier process, about an alert that was resolved by then.
    this.#unmatched.push(attempt);
    if (this.#unmatched.length > mostUnmatched) this.#unmatched.shift();
    this.match();
  }

  /** Tries again to find the alerts of attempts that are not matched yet. */
  match(): void {
    this.#matching ??= this.#match().finally(() => {
      this.#matching = undefined;
    });
  }

  /** Whether an attempt was added since the last call. */
  takeChanged(): boolean {
    const isNew = this.#hasChanged;
    this.#hasChanged = false;
    return isNew;
  }

  /** The record of an alert in this process. */
  recordOf(id: string): AlertRecord | undefined {
    const { records, incidents } = this.#options;
    return records.get(id) ?? incidents.open().find(({ alert }) => alert.id === id);
  }

  /** Resolves when no lookup is running. */
  async settled(): Promise<void> {
    await this.#matching;
  }

  async #match(): Promise<void> {
    for (let [attempt] = this.#unmatched; attempt; [attempt] = this.#unmatched) {
      const found = await this.#options.find(attempt.alert_id);
      const record = this.recordOf(attempt.alert_id) ?? found;
      if (record === undefined) return;
      // Unless it was given up meanwhile.
      if (this.#unmatched[0] === attempt) this.#unmatched.shift();
      if (record) this.#write(record, attempt);
    }
  }

  #write(record: AlertRecord, attempt: Attempt): void {
    this.#options.records.noteAttempt(record, attempt);
    this.#hasChanged = true;
  }
}
