import type { Kysely } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { DatabaseWithTables } from "../../monitoring/index.ts";
import {
  type AcknowledgeRequest,
  acknowledgementOf,
  applyAcknowledgement,
  withdrawalOf,
} from "../incidents/acknowledgement.ts";
import type { HistoryFilter, HistoryPage } from "../incidents/history-filter.ts";
import type { MaintenanceRequest, PlannedWindow } from "../incidents/maintenance.ts";
import type { Mute, MuteRequest, UnmuteRequest } from "../incidents/mute.ts";
import { Silences } from "../incidents/silences.ts";
import { type AlertStatistics, statisticsOf } from "../incidents/statistics.ts";
import type { Alert } from "../model/alert.ts";
import { oneOfEach } from "../model/fingerprint.ts";
import { alertUnknown, type Explanation, explain } from "../notify/explain.ts";
import { acknowledgementStore } from "./acknowledgement-table.ts";
import { alertDatabaseOn } from "./alert-database.ts";
import { findRecord, readFiring, readPage, readTallies } from "./history-table.ts";
import { silenceStore } from "./silence-table.ts";

/**
 * The alerts of all instances as the database has them, for commands that run without a server. All methods reject if
 * the database is unavailable.
 */
export class AlertArchive {
  readonly #database: DatabaseWithTables;
  readonly #clock: Clock;

  constructor({ pool, clock = systemClock }: { pool: pg.Pool; clock?: Clock }) {
    this.#database = alertDatabaseOn(pool);
    this.#clock = clock;
  }

  /**
   * Alerts of the last 90 days, newest first.
   *
   * @throws Failure EB_ALERT_PAGE
   */
  async history(filter: HistoryFilter): Promise<HistoryPage> {
    return this.#database.connected((db) => readPage(db, filter));
  }

  /** Active alerts of all instances; an alert that several instances raised, once. */
  async active(): Promise<Alert[]> {
    return oneOfEach(await this.#database.connected(readFiring));
  }

  /** Active alerts, mutes, and the statistics of the last thirty days. */
  async summary(): Promise<{ active: number; muted: Mute[] } & AlertStatistics> {
    const now = this.#clock.now();
    return this.#database.connected(async (db) => ({
      active: oneOfEach(await readFiring(db)).length,
      muted: (await readSilences(db, now)).all(now),
      ...statisticsOf(await readTallies(db, now), now),
    }));
  }

  /**
   * @param channels the names of those that are set up
   * @throws Failure EB_ALERT_UNKNOWN
   */
  async explain(id: string, channels: readonly string[]): Promise<Explanation> {
    const record = await this.#database.connected((db) => findRecord(db, id));
    if (!record) throw alertUnknown({ id });
    return explain(record, channels);
  }

  /**
   * Mutes for all instances; they know within seconds.
   *
   * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MUTE_DURATION
   */
  async mute(request: MuteRequest): Promise<Mute> {
    return this.#change((silences) => silences.mute(request, this.#clock.now()));
  }

  /** @throws Failure EB_NOT_MUTED, EB_MUTED_BY_MAINTENANCE */
  async unmute(request: UnmuteRequest): Promise<Mute> {
    return this.#change((silences) => silences.unmute(request, this.#clock.now()));
  }

  /** @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED */
  async acknowledge(request: AcknowledgeRequest): Promise<Alert> {
    return this.#changeAcknowledgement(request, acknowledgementOf);
  }

  /** @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED, EB_NOT_ACKNOWLEDGED */
  async unacknowledge(request: AcknowledgeRequest): Promise<Alert> {
    return this.#changeAcknowledgement(request, withdrawalOf);
  }

  async #changeAcknowledgement(
    request: AcknowledgeRequest,
    entryOf: typeof acknowledgementOf,
  ): Promise<Alert> {
    const { id } = request;
    return this.#database.connected(async (db) => {
      const record = await findRecord(db, id);
      if (!record) throw alertUnknown({ id });
      const entry = entryOf(record.alert, request, this.#clock.now());
      await acknowledgementStore(db).save([entry]);
      return applyAcknowledgement(record.alert, entry);
    });
  }

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MAINTENANCE_TIME, EB_TIME_ZONE */
  async addMaintenance(request: MaintenanceRequest): Promise<PlannedWindow> {
    return this.#change((silences) => silences.addWindow(request, this.#clock.now()));
  }

  /** @throws Failure EB_MAINTENANCE_UNKNOWN */
  async removeMaintenance(request: { id: string; author: string }): Promise<PlannedWindow> {
    return this.#change((silences) => silences.removeWindow(request, this.#clock.now()));
  }

  /** The maintenance windows, the next one first. */
  async maintenance(): Promise<PlannedWindow[]> {
    const now = this.#clock.now();
    return this.#database.connected(async (db) => (await readSilences(db, now)).windows(now));
  }

  async #change<Changed>(change: (silences: Silences) => Changed): Promise<Changed> {
    return this.#database.connected(async (db) => {
      const silences = await readSilences(db, this.#clock.now());
      const changed = change(silences);
      await silences.share(silenceStore(db), this.#clock.now());
      return changed;
    });
  }
}

const readSilences = async (db: Kysely<unknown>, now: Date): Promise<Silences> => {
  const silences = new Silences();
  await silences.share(silenceStore(db), now);
  return silences;
};
