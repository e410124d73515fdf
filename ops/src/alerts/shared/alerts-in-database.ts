import type pg from "pg";
import { type Clock, systemClock } from "../../lib/clock.ts";
import { alertUnknown, type Explanation, explain } from "../explain.ts";
import type { HistoryFilter, HistoryPage } from "../history-filter.ts";
import type { Mute, MuteRequest, MuteTarget } from "../mute.ts";
import { MuteBook } from "../mute-book.ts";
import { type AlertStatistics, statisticsOf } from "../statistics.ts";
import { AlertDatabase } from "./alert-database.ts";
import { findRecord, readPage, readTallies } from "./archive.ts";
import { sharedMutes } from "./shared-mutes.ts";

/** More than ever fire at once. */
const mostFiring = 1_000;

/**
 * Alerts as the instances of a service share them, for a process that watches nothing itself, such as a command.
 * What the database refuses is thrown, not put off.
 */
export class AlertsInDatabase {
  readonly #database: AlertDatabase;
  readonly #clock: Clock;

  constructor({ pool, clock = systemClock }: { pool: pg.Pool; clock?: Clock }) {
    this.#database = new AlertDatabase(pool);
    this.#clock = clock;
  }

  /** @throws Failure EB_ALERT_PAGE */
  history(filter: HistoryFilter): Promise<HistoryPage> {
    return this.#database.connected((db) => readPage(db, filter));
  }

  /** What fires, what is muted, and the numbers of the last thirty days. */
  summary(): Promise<AlertStatistics & { active: number; muted: Mute[] }> {
    const now = this.#clock.now();
    return this.#database.connected(async (db) => {
      const firing = await readPage(db, { limit: mostFiring, state: "firing" });
      const muted = await sharedMutes(db).read(now);
      return { active: firing.alerts.length, muted, ...statisticsOf(await readTallies(db, now), now) };
    });
  }

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_DURATION */
  mute(request: MuteRequest): Promise<Mute> {
    return this.#change((book, now) => book.mute(request, now));
  }

  /** @throws Failure EB_NOT_MUTED */
  unmute(request: { type: MuteTarget; author: string }): Promise<Mute> {
    return this.#change((book, now) => book.unmute(request, now));
  }

  /**
   * @param channels the names of those that are set up
   * @throws Failure EB_ALERT_UNKNOWN
   */
  async explain(id: string, channels: readonly string[]): Promise<Explanation> {
    const record = await this.#database.connected((db) => findRecord(db, id));
    if (!record) throw alertUnknown(id);
    return explain(record, channels);
  }

  #change(change: (book: MuteBook, now: Date) => Mute): Promise<Mute> {
    const now = this.#clock.now();
    return this.#database.connected(async (db) => {
      const shared = sharedMutes(db);
      const book = new MuteBook({ mutes: await shared.read(now), unsaved: [] });
      const mute = change(book, now);
      await book.share(shared, now);
      return mute;
    });
  }
}
