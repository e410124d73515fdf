import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { PerformanceWindow } from "../requests/summary.ts";
import { type FleetEndpoint, type FleetSummary, fleetEndpoints, fleetSummary } from "./fleet-summary.ts";
import { type HistoryPoint, type HistoryRequest, readHistory, refuseTooLong } from "./history.ts";
import { type Instance, Instances } from "./instances.ts";
import { writeMinute } from "./minutes.ts";
import { applyRetention } from "./retention.ts";
import { type MinuteSource, WriteBuffer } from "./write-buffer.ts";

const heartbeatEveryMs = 5_000;
const retentionEveryMs = 60_000;

/** Snapshots come when they come: one that is a little early counts for the beat that is due. */
const earlyMs = 500;

const leaveTimeoutMs = 1_000;

/** What the fleet needs of whoever takes snapshots. */
export interface DatabaseNews {
  onSnapshot(listener: (snapshot: { database: { status: string } }) => void): () => void;
}

export interface FleetOptions {
  /** As `createMonitoringPool` makes it. */
  pool: pg.Pool;
  performance: MinuteSource;
  log: Logger;
  /** Of the service. */
  version: string;
  clock?: Clock;
}

/**
 * All processes of the service that share a database. Each writes what it recorded, minute by minute, so that any of
 * them answers for all, and so that the past survives a restart. While the database is away, minutes wait in memory.
 */
export class Fleet {
  readonly #instances: Instances;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #waiting: WriteBuffer;
  #unwatch: (() => void) | undefined;
  #contact: Promise<void> | undefined;
  #retention: Promise<void> | undefined;
  readonly #reading = new Map<string, Promise<unknown>>();
  #beatAtMs = Number.NEGATIVE_INFINITY;
  #retentionAtMs = Number.NEGATIVE_INFINITY;
  #inTouch = true;

  constructor({ pool, performance, log, version, clock = systemClock }: FleetOptions) {
    this.#instances = new Instances({ pool, version, clock });
    this.#log = log;
    this.#clock = clock;
    this.#waiting = new WriteBuffer({ performance, log, clock, instanceId: this.instanceId });
  }

  /** Of this process; another one after each start. */
  get instanceId(): string {
    return this.#instances.instanceId;
  }

  /** See {@link Instances.rank}. */
  rank(): number {
    return this.#instances.rank();
  }

  /** All that lived at the last contact with the database, the oldest first. */
  get living(): readonly Instance[] {
    return this.#instances.living;
  }

  /** How many minutes wait for the database. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Begins to write, in time with the checks of the monitoring: while its database is away, nothing is tried. */
  watch(monitoring: DatabaseNews): void {
    this.#unwatch = monitoring.onSnapshot(({ database }) => {
      this.#waiting.collect();
      if (database.status !== "unhealthy") this.#contact ??= this.#beInTouch();
    });
  }

  /**
   * Writes what is not written yet, also of the minute under way, and strikes this process off the living; waits no
   * longer than a second for the database.
   */
  async stop(): Promise<void> {
    this.#unwatch?.();
    await Promise.race([this.#leave(), sleep(leaveTimeoutMs, undefined, { ref: false })]);
  }

  /** All requests to all instances in a window of minutes that have ended. */
  async summary(window: PerformanceWindow): Promise<FleetSummary> {
    return this.#once(`summary ${window}`, (db) => fleetSummary(db, window, this.#clock.now()));
  }

  /** Each endpoint that had requests in such a window, to whichever instance. */
  async endpoints(window: PerformanceWindow): Promise<FleetEndpoint[]> {
    return this.#once(`endpoints ${window}`, (db) => fleetEndpoints(db, window, this.#clock.now()));
  }

  /**
   * A route over time: minutes of the last 72 hours, hours of the last 90 days.
   *
   * @throws Failure EB_HISTORY_TOO_LONG
   */
  async history(request: HistoryRequest): Promise<HistoryPoint[]> {
    refuseTooLong(request);
    return this.#instances.connected((db) => readHistory(db, request));
  }

  /** Who asks for what is being read already gets that answer: many readers occupy no more than one connection. */
  #once<T>(what: string, read: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    const underWay = this.#reading.get(what) as Promise<T> | undefined;
    if (underWay) return underWay;
    const reading = this.#instances.connected(read).finally(() => this.#reading.delete(what));
    this.#reading.set(what, reading);
    return reading;
  }

  async #beInTouch(): Promise<void> {
    try {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#beatAtMs >= heartbeatEveryMs - earlyMs) {
        await this.#instances.beat();
        this.#beatAtMs = nowMs;
      }
      await this.#writeWaiting();
      this.#inTouch = true;
      this.#applyRetentionIfDue(nowMs);
    } catch (error) {
      if (this.#inTouch) this.#log.warn({ err: error }, "the fleet's tables cannot be reached");
      this.#inTouch = false;
    } finally {
      this.#contact = undefined;
    }
  }

  async #writeWaiting(): Promise<void> {
    await this.#waiting.writeAll((minute, writer) =>
      this.#instances.connected((db) => writeMinute(db, writer, minute)),
    );
  }

  /** Beside the contact: merging a large hour takes longer than a beat may be late. */
  #applyRetentionIfDue(nowMs: number): void {
    if (this.#retention || nowMs - this.#retentionAtMs < retentionEveryMs) return;
    this.#retentionAtMs = nowMs;
    this.#retention = this.#instances
      .connected(applyRetention)
      .catch((error) =>
        this.#log.warn({ err: error }, "the past could not be tidied up; the next try is in a minute"),
      )
      .finally(() => {
        this.#retention = undefined;
      });
  }

  async #leave(): Promise<void> {
    await this.#contact;
    if (!this.#inTouch) return;
    try {
      this.#waiting.collect({ unfinished: true });
      await this.#writeWaiting();
      await this.#retention;
      await this.#instances.leave();
    } catch (error) {
      this.#log.warn(
        { err: error },
        "the last minutes of this process may be missing in the fleet's history",
      );
    }
  }
}
