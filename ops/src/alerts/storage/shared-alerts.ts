import type { Kysely } from "kysely";
import type pg from "pg";
import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { PeriodPage } from "../../database/period-page.ts";
import { type DatabaseWithTables, withTimeout } from "../../monitoring/index.ts";
import type { Acknowledgements } from "../incidents/acknowledgements.ts";
import type { Incidents } from "../incidents/active.ts";
import type { PastMute } from "../incidents/begun.ts";
import type { HistoryFilter, HistoryPage } from "../incidents/history-filter.ts";
import type { Records } from "../incidents/records.ts";
import type { Silences } from "../incidents/silences.ts";
import type { Tally } from "../incidents/statistics.ts";
import type { Alert } from "../model/alert.ts";
import type { AlertRecord, Incident } from "../model/record.ts";
import type { Claim, Deduplication } from "../notify/deduplication.ts";
import { acknowledgementStore } from "./acknowledgement-table.ts";
import { alertDatabaseOn } from "./alert-database.ts";
import { alertsBegun, mutesBegun } from "./begun.ts";
import { claimFiring, claimResolved, renewClaims } from "./dedup-table.ts";
import {
  endAbandoned,
  findRecord,
  prune,
  readFiring,
  readNews,
  readPage,
  readTallies,
  saveRecords,
} from "./history-table.ts";
import { silenceStore } from "./silence-table.ts";

const keepUpEveryMs = 5_000;
const pruneEveryMs = 3_600_000;
const reassureEveryMs = 60_000;
const savedAtOnce = 200;

/** How many times as long as it takes to count goes by until it is done again. */
const countingPause = 50;

/** A database that hangs delays a notification at most this long. */
const claimWithinMs = 1_500;
const readWithinMs = 3_000;

export interface SharedAlertsOptions {
  pool: pg.Pool;
  silences: Silences;
  acknowledgements: Acknowledgements;
  records: Records;
  incidents: Incidents;
  /** Whether the database is known to be unavailable. */
  isUnavailable: () => boolean;
  clock: Clock;
  log: Logger;
}

/** Shares alerts with the other instances through the database, and catches up after it was unavailable. */
export class SharedAlerts implements Deduplication {
  readonly #options: SharedAlertsOptions;
  readonly #database: DatabaseWithTables;
  #tallies: Tally[] | undefined;
  #firing: Alert[] = [];
  /** Since they were read. */
  #hasNews = false;
  #countAgainAtMs = Number.NEGATIVE_INFINITY;
  #mark: string | null = null;
  #keptUpAtMs = Number.NEGATIVE_INFINITY;
  #prunedAtMs = Number.NEGATIVE_INFINITY;
  #reassuredAtMs = Number.NEGATIVE_INFINITY;
  #keeping: Promise<void> | undefined;
  #failing = false;

  constructor(options: SharedAlertsOptions) {
    this.#options = options;
    this.#database = alertDatabaseOn(options.pool);
  }

  /** Whether the records of the others have been read. */
  get hasRead(): boolean {
    return this.#mark !== null;
  }

  /** Of all instances, as of the last contact; undefined before the first. */
  get tallies(): Tally[] | undefined {
    return this.#tallies;
  }

  /** The firing alerts of all instances, including this one, as of the last contact. */
  get firing(): readonly Alert[] {
    return this.#firing;
  }

  async claimFiring(incident: Incident, now: Date): Promise<Claim> {
    return this.#claim(() => this.#database.connected((db) => claimFiring(db, incident, now)));
  }

  async claimResolved(incident: Incident, now: Date): Promise<Claim> {
    return this.#claim(() => this.#database.connected((db) => claimResolved(db, incident, now)));
  }

  confirm(incident: Incident, now: Date): void {
    if (this.#options.isUnavailable()) return;
    const told = [{ incident, told_at: now.toISOString() }];
    void this.#database.connected((db) => renewClaims(db, told, now)).catch((error) => this.#failed(error));
  }

  /** A page of the history; undefined when the database does not answer. */
  async page(filter: HistoryFilter): Promise<HistoryPage | undefined> {
    return this.#read(() => this.#database.connected((db) => readPage(db, filter)));
  }

  /** The alerts that fired in a period; undefined when the database does not answer. */
  async alertsBegun(page: PeriodPage): Promise<Alert[] | undefined> {
    return this.#read(() => this.#database.connected((db) => alertsBegun(db, page)));
  }

  /** The mutes that were set in a period; undefined when the database does not answer. */
  async mutesBegun(page: PeriodPage): Promise<PastMute[] | undefined> {
    return this.#read(() => this.#database.connected((db) => mutesBegun(db, page)));
  }

  /** An alert of the history; null when there is none, undefined when the database does not answer. */
  async find(id: string): Promise<AlertRecord | null | undefined> {
    return this.#read(() => this.#database.connected(async (db) => (await findRecord(db, id)) ?? null));
  }

  /** Synchronises the mutes; does nothing while the database is unavailable. */
  async syncSilences(): Promise<void> {
    const { silences, clock } = this.#options;
    await this.#read(() => this.#database.connected((db) => silences.share(silenceStore(db), clock.now())));
  }

  /** Synchronises the acknowledgements; does nothing while the database is unavailable. */
  async syncAcknowledgements(): Promise<void> {
    const { acknowledgements } = this.#options;
    await this.#read(() =>
      this.#database.connected((db) => acknowledgements.share(acknowledgementStore(db))),
    );
  }

  /** Synchronises with the database if it is due and not running. */
  sync(nowMs: number): void {
    if (this.#keeping || nowMs - this.#keptUpAtMs < keepUpEveryMs || this.#options.isUnavailable()) return;
    this.#keptUpAtMs = nowMs;
    this.#keeping = this.#catchUp(nowMs).finally(() => {
      this.#keeping = undefined;
    });
  }

  /** Saves the unsaved records if the database is available. */
  async stop(): Promise<void> {
    await this.#keeping;
    if (!this.#options.isUnavailable()) await this.#catchUp(this.#keptUpAtMs);
  }

  /** Resolves when nothing is under way. */
  async atRest(): Promise<void> {
    await this.#keeping;
  }

  async #catchUp(nowMs: number): Promise<void> {
    const { silences, acknowledgements, records, incidents, clock, log } = this.#options;
    const now = clock.now();
    // Otherwise the firing alerts would look abandoned.
    const reassure = nowMs - this.#reassuredAtMs >= reassureEveryMs;
    if (reassure) for (const incident of incidents.firing()) records.changed(incident);
    try {
      await this.#database.connected(async (db) => {
        await silences.share(silenceStore(db), now);
        await acknowledgements.share(acknowledgementStore(db));
        await this.#saveRecords((some) => saveRecords(db, some));
        const told = incidents.firing().filter(({ telling }) => telling.state === "told");
        while (told.length > 0) {
          const some = told.splice(0, savedAtOnce).flatMap(withTime);
          const kept = await renewClaims(db, some, now);
          for (const { incident } of some)
            if (!kept.has(incident.alert.id)) incidents.leaveToOther(incident, nowMs);
        }
        if (reassure) await endAbandoned(db);
        this.#reassuredAtMs = reassure ? nowMs : this.#reassuredAtMs;
        const news = await readNews(db, this.#mark);
        records.learn(news.records);
        if (news.records.length > 0) this.#firing = await readFiring(db);
        this.#hasNews ||= news.records.length > 0;
        this.#mark = news.mark;
        await this.#count(db, nowMs);
        if (nowMs - this.#prunedAtMs >= pruneEveryMs && !(await prune(db, now))) this.#prunedAtMs = nowMs;
      });
      if (this.#failing) log.info("the database is available again; alerts use it");
      this.#failing = false;
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Reads the numbers again if there is news: a hundred thousand alerts take a second, so not all the time. */
  async #count(db: Kysely<unknown>, nowMs: number): Promise<void> {
    const { clock } = this.#options;
    if (this.#tallies !== undefined && (!this.#hasNews || nowMs < this.#countAgainAtMs)) return;
    const startedMs = clock.monotonicMs();
    this.#tallies = await readTallies(db, clock.now());
    this.#hasNews = false;
    this.#countAgainAtMs = nowMs + countingPause * (clock.monotonicMs() - startedMs);
  }

  async #saveRecords(save: (records: AlertRecord[]) => Promise<void>): Promise<void> {
    const { records } = this.#options;
    for (let some = records.takeUnsaved(savedAtOnce); some.length > 0; ) {
      try {
        await save(some);
      } catch (error) {
        for (const record of some) records.changed(record);
        throw error;
      }
      some = records.takeUnsaved(savedAtOnce);
    }
  }

  async #claim(ask: () => Promise<Claim>): Promise<Claim> {
    if (this.#options.isUnavailable()) return { claim: "unknown" };
    try {
      return await withTimeout(claimWithinMs, ask());
    } catch (error) {
      this.#failed(error);
      return { claim: "unknown" };
    }
  }

  async #read<T>(read: () => Promise<T>): Promise<T | undefined> {
    if (this.#options.isUnavailable()) return undefined;
    try {
      return await withTimeout(readWithinMs, read());
    } catch (error) {
      this.#failed(error);
      return undefined;
    }
  }

  #failed(error: unknown): void {
    if (!this.#failing) {
      this.#options.log.warn({ err: error }, "the database is unavailable; alerts continue without it");
    }
    this.#failing = true;
  }
}

/** An incident with the time at which this process sent it; empty if it did not. */
const withTime = (incident: Incident) => {
  const { telling } = incident;
  return telling.state === "told" ? [{ incident, told_at: new Date(telling.atMs).toISOString() }] : [];
};
