import type { Incidents } from "../incidents/active.ts";
import type { Records } from "../incidents/records.ts";
import type { Attempt } from "../model/notification.ts";
import type { AlertRecord } from "../model/record.ts";

/** With the database away for long, the oldest are given up. */
const mostUnmatched = 1_000;

export interface DeliveryLogOptions {
  records: Records;
  incidents: Incidents;
  /** Looks for an alert that this process does not know; null when there is none, undefined when nobody answers. */
  find: (id: string) => Promise<AlertRecord | null | undefined>;
}

/** Writes down in the records of alerts what has become of their notifications. */
export class DeliveryLog {
  readonly #options: DeliveryLogOptions;
  /** About alerts that are yet to be found, the oldest first. */
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
    // It may be a notification from before the last start, about an alert that was over by then.
    this.#unmatched.push(attempt);
    if (this.#unmatched.length > mostUnmatched) this.#unmatched.shift();
    this.match();
  }

  /** Looks once more for the alerts that nobody could be asked for. */
  match(): void {
    this.#matching ??= this.#match().finally(() => {
      this.#matching = undefined;
    });
  }

  /** Whether anything was written down since it was asked before. */
  takeChanged(): boolean {
    const isNew = this.#hasChanged;
    this.#hasChanged = false;
    return isNew;
  }

  /** What this process knows of an alert; of what is open here that is the newest, whatever has fired since. */
  recordOf(id: string): AlertRecord | undefined {
    const { records, incidents } = this.#options;
    return records.get(id) ?? incidents.open().find(({ alert }) => alert.id === id);
  }

  /** Resolves when nothing is being looked for. */
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
