import type { AlertRecord } from "./incident.ts";
import type { Incidents } from "./incidents.ts";
import type { Attempt } from "./notification.ts";
import type { Records } from "./records.ts";

export interface AttemptNotesOptions {
  records: Records;
  incidents: Incidents;
  /** Looks for an alert that this process does not know; undefined when there is none, or nobody to ask. */
  find: (id: string) => Promise<AlertRecord | undefined>;
}

/** Writes down in the records of alerts what has become of their notifications. */
export class AttemptNotes {
  readonly #options: AttemptNotesOptions;
  readonly #finding = new Set<Promise<void>>();

  constructor(options: AttemptNotesOptions) {
    this.#options = options;
  }

  note(attempt: Attempt): void {
    const { records, find } = this.#options;
    const { alert_id: id } = attempt;
    const known = this.recordOf(id);
    if (known) {
      records.noteAttempt(known, attempt);
      return;
    }
    // It may be a notification from before the last start, about an alert that was over by then.
    const finding = find(id).then((found) => {
      const record = this.recordOf(id) ?? found;
      if (record) records.noteAttempt(record, attempt);
      this.#finding.delete(finding);
    });
    this.#finding.add(finding);
  }

  /** What this process knows of an alert; of what is open here that is the newest, whatever has fired since. */
  recordOf(id: string): AlertRecord | undefined {
    const { records, incidents } = this.#options;
    return records.get(id) ?? incidents.open().find(({ alert }) => alert.id === id);
  }

  /** Resolves when nothing is being looked for. */
  async settled(): Promise<void> {
    await Promise.all(this.#finding);
  }
}
