import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { PeriodPage } from "../../database/period-page.ts";
import type { RequestCounts } from "../requests/minute-counts.ts";
import type { IntervalSummary, PerformanceWindow } from "../requests/summary.ts";
import type { ErrorCount, ErrorsRequest, FailedRequest } from "./error-counts.ts";
import { readErrors } from "./error-minutes.ts";
import {
  type FleetEndpoint,
  type FleetSummary,
  fleetEndpoints,
  fleetSummary,
  lastWrittenMinute,
} from "./fleet-summary.ts";
import type { GaugeSnapshot } from "./gauges.ts";
import { type HistoryPoint, type HistoryRequest, readHistory, refuseTooLong } from "./history.ts";
import { type Instance, Instances } from "./instances.ts";
import { Recording } from "./recording.ts";
import { readRequestCounts } from "./request-counts.ts";
import { applyRetention } from "./retention.ts";
import { type RoutesOverTime, type RoutesRequest, readRoutes } from "./routes-over-time.ts";
import { readSeries, type Series, type SeriesRequest } from "./series.ts";
import { readSince, type Since, type SinceRequest } from "./since.ts";
import type { TotalsSource } from "./slice-meter.ts";
import { type InstanceStart, readStarts } from "./starts.ts";
import { readTraffic } from "./traffic.ts";
import type { MinuteSource } from "./write-buffer.ts";

const heartbeatEveryMs = 5_000;
const retentionEveryMs = 60_000;

/** Heartbeats follow the snapshots: one may be this much early. */
const earlyMs = 500;

const leaveTimeoutMs = 1_000;

/** What the fleet needs of the monitoring. */
export interface SnapshotSource {
  onSnapshot(listener: (snapshot: GaugeSnapshot) => void): () => void;
}

export interface FleetOptions {
  /** Created by `createMonitoringPool`. */
  pool: pg.Pool;
  performance: MinuteSource & TotalsSource;
  log: Logger;
  /** Of the service. */
  version: string;
  clock?: Clock;
}

/**
 * All processes of the service that share a database. Each writes its requests by the minute, so that any of them can
 * report on all, and the history survives a restart. While the database is down, minutes are buffered in memory.
 */
export class Fleet {
  readonly #instances: Instances;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #recording: Recording;
  #unwatch: (() => void) | undefined;
  #contact: Promise<void> | undefined;
  #retention: Promise<void> | undefined;
  readonly #reading = new Map<string, Promise<unknown>>();
  #heartbeatAtMs = Number.NEGATIVE_INFINITY;
  #retentionAtMs = Number.NEGATIVE_INFINITY;
  #reachable = true;
  #databaseIsUp = true;

  constructor({ pool, performance, log, version, clock = systemClock }: FleetOptions) {
    this.#instances = new Instances({ pool, version, clock });
    this.#log = log;
    this.#clock = clock;
    const connected = (work: (db: Kysely<unknown>) => Promise<void>) => this.#instances.connected(work);
    this.#recording = new Recording({ performance, log, clock, instanceId: this.instanceId, connected });
  }

  /** Of this process; new on every start. */
  get instanceId(): string {
    return this.#instances.instanceId;
  }

  /** See {@link Instances.rank}. */
  rank(): number {
    return this.#instances.rank();
  }

  /** The instances alive at the last contact with the database, oldest first. */
  get living(): readonly Instance[] {
    return this.#instances.living;
  }

  /** A page of the starts of instances in a period, newest first. */
  async starts(page: PeriodPage): Promise<InstanceStart[]> {
    return this.#instances.connected((db) => readStarts(db, page));
  }

  /** Number of buffered minutes, of requests or gauges. */
  get waiting(): number {
    return this.#recording.waiting;
  }

  /** Starts to write after each check of the monitoring, unless it found the database down. */
  watch(monitoring: SnapshotSource): void {
    this.#unwatch = monitoring.onSnapshot((snapshot) => {
      this.#recording.collect(snapshot);
      this.#databaseIsUp = snapshot.database.status !== "unhealthy";
      if (this.#databaseIsUp) this.#contact ??= this.#contactDatabase();
    });
  }

  /**
   * Writes the buffered minutes and the current one, and removes this instance. Waits at most a second for the database.
   */
  async stop(): Promise<void> {
    this.#unwatch?.();
    await Promise.race([this.#leave(), sleep(leaveTimeoutMs, undefined, { ref: false })]);
  }

  /** All requests to all instances in a window of finished minutes. */
  async summary(window: PerformanceWindow): Promise<FleetSummary> {
    return this.#once(`summary ${window}`, (db) => fleetSummary(db, window, this.#clock.now()));
  }

  /** Each endpoint that had requests in such a window, over all instances. */
  async endpoints(window: PerformanceWindow): Promise<FleetEndpoint[]> {
    return this.#once(`endpoints ${window}`, (db) => fleetEndpoints(db, window, this.#clock.now()));
  }

  /** All requests to all instances in a period, by whole minutes; null if none of it was recorded. */
  async traffic(period: { from: Date; until: Date }): Promise<IntervalSummary | null> {
    return this.#instances.connected((db) => readTraffic(db, period));
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

  /**
   * The requests to all instances, of each route (undefined: all), in windows that end with the last written minute.
   *
   * @returns for each route its windows, by length in minutes
   */
  async requestCounts(
    routes: readonly (string | undefined)[],
    windowsMinutes: readonly number[],
  ): Promise<ReadonlyMap<number, RequestCounts>[]> {
    const until = lastWrittenMinute(this.#clock.now());
    return this.#instances.connected(async (db) => {
      const counts: ReadonlyMap<number, RequestCounts>[] = [];
      for (const route of routes) counts.push(await readRequestCounts(db, { route, windowsMinutes, until }));
      return counts;
    });
  }

  /** Metrics of requests, processes and database over time, downsampled. */
  async series(request: SeriesRequest): Promise<Series> {
    return this.#instances.connected((db) => readSeries(db, request, this.#clock.now()));
  }

  /** Every endpoint that had requests in a period: its summary, and its requests and errors by point. */
  async routes(request: RoutesRequest): Promise<RoutesOverTime> {
    return this.#instances.connected((db) => readRoutes(db, request, this.#clock.now()));
  }

  /** Counts a request that got a response of 400 or more. */
  recordError(failed: FailedRequest): void {
    this.#recording.errors.add(failed);
  }

  /**
   * The failed requests of a period, from the minute of `from` to the end of the minute of `to`, the most frequent first:
   * of all instances, or, while the database is unavailable, of this process in the last hour.
   */
  async errors(request: ErrorsRequest): Promise<{ scope: "fleet" | "instance"; errors: ErrorCount[] }> {
    const here = () => ({ scope: "instance" as const, errors: this.#recording.errors.within(request) });
    if (!this.#databaseIsUp) return here();
    const read = async () => {
      await this.#recording.writeErrors();
      const errors = await this.#instances.connected((db) => readErrors(db, request));
      return { scope: "fleet" as const, errors };
    };
    return read().catch(here);
  }

  /**
   * The requests to all instances since a moment; those of other instances are some seconds old.
   *
   * @throws Failure EB_HISTORY_TOO_LONG
   */
  async since(request: SinceRequest): Promise<Since> {
    await this.#recording.writeLatestRequests();
    return this.#instances.connected((db) => readSince(db, request, this.#clock.now()));
  }

  /** Concurrent reads of the same data share one query and one connection. */
  #once<T>(what: string, read: (db: Kysely<unknown>) => Promise<T>): Promise<T> {
    const underWay = this.#reading.get(what) as Promise<T> | undefined;
    if (underWay) return underWay;
    const reading = this.#instances.connected(read).finally(() => this.#reading.delete(what));
    this.#reading.set(what, reading);
    return reading;
  }

  async #contactDatabase(): Promise<void> {
    try {
      const nowMs = this.#clock.monotonicMs();
      if (nowMs - this.#heartbeatAtMs >= heartbeatEveryMs - earlyMs) {
        await this.#instances.beat();
        this.#heartbeatAtMs = nowMs;
      }
      await this.#recording.writeAll();
      this.#reachable = true;
      this.#applyRetentionIfDue(nowMs);
    } catch (error) {
      if (this.#reachable) this.#log.warn({ err: error }, "the tables of the fleet cannot be reached");
      this.#reachable = false;
    } finally {
      this.#contact = undefined;
    }
  }

  /** Runs in parallel: merging a large hour takes longer than a heartbeat may be late. */
  #applyRetentionIfDue(nowMs: number): void {
    if (this.#retention || nowMs - this.#retentionAtMs < retentionEveryMs) return;
    this.#retentionAtMs = nowMs;
    this.#retention = this.#instances
      .connected(applyRetention)
      .catch((error) =>
        this.#log.warn({ err: error }, "retention could not be applied; the next attempt is in a minute"),
      )
      .finally(() => {
        this.#retention = undefined;
      });
  }

  async #leave(): Promise<void> {
    await this.#contact;
    if (!this.#reachable) return;
    try {
      this.#recording.finish();
      await this.#recording.writeAll();
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
