import { filterBy, type HistoryFilter, type HistoryPage, isBefore, pageFrom } from "./history-filter.ts";
import { type AlertRecord, noteAttempt } from "./incident.ts";
import type { Attempt } from "./notification.ts";

const mostRecords = 1_000;

/** The last thousand alerts, of this process and of the others, and what the database does not know of them. */
export class Records {
  readonly #byId = new Map<string, AlertRecord>();
  readonly #unsaved = new Map<string, AlertRecord>();
  /** The ids of those of this process. */
  readonly #ours = new Set<string>();
  #newestFirst: AlertRecord[] | undefined;

  /** Takes in an alert of this process; it may go on changing: see {@link changed}. */
  add(record: AlertRecord): void {
    this.#ours.add(record.alert.id);
    this.#put(record);
    this.changed(record);
  }

  /** Takes in what was written by all; of what is ours, the own version stands. */
  learn(records: readonly AlertRecord[]): void {
    for (const record of records) if (!this.#ours.has(record.alert.id)) this.#put(record);
  }

  /** Says that a record of this process is not any more what the database knows. */
  changed(record: AlertRecord): void {
    this.#unsaved.set(record.alert.id, record);
  }

  /** @param found what is known elsewhere of an alert that is not known here */
  noteAttempt(id: string, attempt: Attempt, found?: AlertRecord): void {
    if (found && !this.#byId.has(id)) this.add(found);
    const record = this.#byId.get(id);
    if (!record) return;
    noteAttempt(record, attempt);
    this.changed(record);
  }

  /** Whether an alert is of this process, so that its own version is the newest. */
  isOurs(id: string): boolean {
    return this.#ours.has(id);
  }

  get(id: string): AlertRecord | undefined {
    return this.#byId.get(id);
  }

  /** Whether older ones have been dropped. */
  get isFull(): boolean {
    return this.#byId.size >= mostRecords;
  }

  all(): readonly AlertRecord[] {
    this.#newestFirst ??= [...this.#byId.values()].sort((a, b) => (isBefore(a.alert, b.alert) ? 1 : -1));
    return this.#newestFirst;
  }

  /** @throws Failure EB_ALERT_PAGE */
  page(filter: HistoryFilter): HistoryPage {
    const isAskedFor = filterBy(filter);
    const found: AlertRecord[] = [];
    for (const record of this.all()) {
      if (found.length > filter.limit) break;
      if (isAskedFor(record)) found.push(record);
    }
    return pageFrom(found, filter.limit);
  }

  unsaved(most = mostRecords): AlertRecord[] {
    const records: AlertRecord[] = [];
    for (const record of this.#unsaved.values()) {
      if (records.length === most) break;
      records.push(record);
    }
    return records;
  }

  /** Hands out up to `most` that are to be saved; what changes while they are is unsaved again. */
  takeUnsaved(most: number): AlertRecord[] {
    const records = this.unsaved(most);
    for (const { alert } of records) this.#unsaved.delete(alert.id);
    return records;
  }

  #put(record: AlertRecord): void {
    this.#byId.set(record.alert.id, record);
    this.#newestFirst = undefined;
    while (this.#byId.size > mostRecords) this.#dropOldest();
  }

  #dropOldest(): void {
    const oldest = this.all().at(-1);
    if (!oldest) return;
    this.#byId.delete(oldest.alert.id);
    this.#ours.delete(oldest.alert.id);
    // Not beyond all measure: with the database away for long, the oldest are given up.
    this.#unsaved.delete(oldest.alert.id);
    this.#newestFirst?.pop();
  }
}
