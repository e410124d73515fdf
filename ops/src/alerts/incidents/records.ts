import { isBefore } from "../model/alert.ts";
import type { Attempt } from "../model/notification.ts";
import { type AlertRecord, noteAttempt } from "../model/record.ts";
import { filterBy, type HistoryFilter, type HistoryPage, pageFrom } from "./history-filter.ts";

const mostRecords = 1_000;
/** More than can fire at a time, so that all of it may end at once. */
const mostUnsaved = 5_000;

/** The last thousand alerts of all instances, and the records that are not in the database yet. */
export class Records {
  readonly #byId = new Map<string, AlertRecord>();
  readonly #unsaved = new Map<string, AlertRecord>();
  /** Handed out last to be saved: the database may not have them yet. */
  #saving = new Map<string, AlertRecord>();
  /** The ids of those of this process among the last thousand. */
  readonly #ours = new Set<string>();
  #newestFirst: AlertRecord[] | undefined;

  /** Adds an alert of this process. Later changes are reported with {@link changed}. */
  add(record: AlertRecord): void {
    this.#ours.add(record.alert.id);
    this.#put(record);
    this.changed(record);
  }

  /**
   * Adds records that were read from the database. Records of this process, and records that are not saved yet, stay.
   */
  learn(records: readonly AlertRecord[]): void {
    for (const record of records) {
      const { id } = record.alert;
      if (!this.#ours.has(id)) this.#put(this.#notSaved(id) ?? record);
    }
  }

  /** Marks a record as different from the database. */
  changed(record: AlertRecord): void {
    const { id } = record.alert;
    if (!this.#unsaved.has(id) && this.#unsaved.size >= mostUnsaved) this.#giveUpOldest();
    this.#unsaved.set(id, record);
  }

  noteAttempt(record: AlertRecord, attempt: Attempt): void {
    noteAttempt(record, attempt);
    this.changed(record);
  }

  /** Whether the record in this process is the newest. */
  isOurs(id: string): boolean {
    return this.#ours.has(id) || this.#notSaved(id) !== undefined;
  }

  get(id: string): AlertRecord | undefined {
    return this.#notSaved(id) ?? this.#byId.get(id);
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

  /**
   * Returns up to `most` records to save, after the previous ones were saved. Records that change meanwhile are
   * unsaved again.
   */
  takeUnsaved(most: number): AlertRecord[] {
    const records = this.unsaved(most);
    this.#saving = new Map(records.map((record) => [record.alert.id, record]));
    for (const id of this.#saving.keys()) this.#unsaved.delete(id);
    return records;
  }

  #notSaved(id: string): AlertRecord | undefined {
    return this.#unsaved.get(id) ?? this.#saving.get(id);
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
    this.#newestFirst?.pop();
  }

  /** Not beyond all measure: with the database away for long, the first that are over are given up. */
  #giveUpOldest(): void {
    for (const [id, { alert }] of this.#unsaved) {
      if (alert.state === "resolved") {
        this.#unsaved.delete(id);
        return;
      }
    }
  }
}
