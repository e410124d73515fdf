import type { PeriodPage } from "../database/period-page.ts";
import { acknowledge, unacknowledge } from "./acknowledge.ts";
import { changeMutes } from "./change-mutes.ts";
import type { AcknowledgeRequest } from "./incidents/acknowledgement.ts";
import type { PastMute } from "./incidents/begun.ts";
import type { HistoryFilter, HistoryPage } from "./incidents/history-filter.ts";
import type { MaintenanceRequest, PlannedWindow } from "./incidents/maintenance.ts";
import type { Mute, MuteRequest, UnmuteRequest } from "./incidents/mute.ts";
import type { RaiseRequest } from "./incidents/raise.ts";
import type { AlertSummary } from "./incidents/statistics.ts";
import type { Alert } from "./model/alert.ts";
import type { RaisedType } from "./model/raised-types.ts";
import type { Explanation } from "./notify/explain.ts";
import { type AlertManagerOptions, createPipeline, type Pipeline } from "./pipeline.ts";
import {
  activeAnywhere,
  activeHere,
  alertsBegun,
  type Begun,
  explanationOf,
  firingDeclared,
  historyOf,
  mutesBegun,
  summaryOf,
} from "./queries.ts";
import type { Observed, SnapshotSource } from "./rules/rule.ts";
import type { Thresholds } from "./rules/thresholds.ts";
import { closePipeline, settle, settleAndSave } from "./shutdown.ts";

const tickMs = 1_000;

/**
 * Raises alerts from rules and on request of the service, and sends notifications: once per incident, from one
 * instance. It works without the database, and catches up when the database is available again.
 */
export class AlertManager {
  readonly #pipeline: Pipeline;
  #endings: (() => void)[] = [];

  constructor(options: AlertManagerOptions) {
    this.#pipeline = createPipeline(options);
  }

  /** Begins to watch; a process has one manager that watches one monitoring. */
  watch(monitoring: SnapshotSource): void {
    const ticks = setInterval(() => this.tick(), tickMs).unref();
    const unwatch = monitoring.onSnapshot((snapshot) => this.observe(snapshot));
    this.#endings.push(() => clearInterval(ticks), unwatch);
  }

  /** Evaluates the rules on one snapshot. */
  observe(snapshot: Observed): void {
    const { engine, lifecycle, notifier, stateFile, nowMs } = this.#pipeline;
    const atMs = nowMs();
    const transitions = engine.observe(snapshot, atMs);
    for (const transition of transitions) lifecycle.follow(transition, atMs);
    notifier.work();
    if (transitions.some(({ transition }) => transition !== "measured")) void stateFile?.save();
  }

  /**
   * Raises an alert. Returns it at once; if the same alert is already firing, returns that, with one more occurrence
   * (`details.occurrences`). If the request is more severe, the alert takes its severity, message and details, and
   * the channels are notified again.
   *
   * @throws Failure EB_ALERT_TYPE, EB_ALERT_DECLARED
   */
  raise(request: RaiseRequest): Alert {
    return this.#pipeline.lifecycle.raise(request);
  }

  /**
   * Resolves a raised alert; without a key, all alerts of the type that were raised without one. Returns the last
   * alert that it resolved; undefined if none was firing.
   *
   * @throws Failure EB_ALERT_TYPE, EB_ALERT_DECLARED
   */
  resolve(type: RaisedType, key = ""): Alert | undefined {
    return this.#pipeline.lifecycle.resolve(type, key);
  }

  /** The thresholds of the rules. */
  get thresholds(): Thresholds {
    return this.#pipeline.engine.thresholds;
  }

  /** Alerts of this process that fire now. */
  active(): Alert[] {
    return activeHere(this.#pipeline);
  }

  /** Each declared alert of this process, by key: 1 while it fires, otherwise 0. */
  firingDeclared(): Record<string, number> {
    return firingDeclared(this.#pipeline);
  }

  /** Alerts that fire in any instance, as of the last contact; an alert that several instances raised, once. */
  activeAnywhere(): Alert[] {
    return activeAnywhere(this.#pipeline);
  }

  /**
   * Alerts of the last 90 days and of all instances, newest first; without the database, the last thousand of this
   * process.
   *
   * @throws Failure EB_ALERT_PAGE
   */
  async history(filter: HistoryFilter): Promise<HistoryPage> {
    return historyOf(this.#pipeline, filter);
  }

  /**
   * A page of the alerts that fired in a period, newest first. An alert that several instances raised counts once, as the
   * first one saw it.
   */
  async alertsBegun(page: PeriodPage): Promise<Begun<Alert>> {
    return alertsBegun(this.#pipeline, page);
  }

  /** A page of the mutes that were set in a period, newest first, without maintenance windows that are not open. */
  async mutesBegun(page: PeriodPage): Promise<Begun<PastMute>> {
    return mutesBegun(this.#pipeline, page);
  }

  /** Active alerts, mutes, channels, and the statistics of the last thirty days. */
  summary(): AlertSummary {
    return summaryOf(this.#pipeline);
  }

  /**
   * Mutes a type of alerts, some of them by key or route, or all, in all instances. Muted alerts are recorded; an alert
   * that still fires at the end of the mute is sent then.
   *
   * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MUTE_DURATION
   */
  async mute(request: MuteRequest): Promise<Mute> {
    return changeMutes(this.#pipeline, (silences, now) => silences.mute(request, now));
  }

  /** @throws Failure EB_NOT_MUTED, EB_MUTED_BY_MAINTENANCE */
  async unmute(request: UnmuteRequest): Promise<Mute> {
    return changeMutes(this.#pipeline, (silences, now) => silences.unmute(request, now));
  }

  /**
   * Plans a mute, for one time or for every week, in all instances.
   *
   * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MAINTENANCE_TIME, EB_TIME_ZONE
   */
  async addMaintenance(request: MaintenanceRequest): Promise<PlannedWindow> {
    return changeMutes(this.#pipeline, (silences, now) => silences.addWindow(request, now));
  }

  /**
   * Removes a maintenance window; if it is open, its mute ends.
   *
   * @throws Failure EB_MAINTENANCE_UNKNOWN
   */
  async removeMaintenance(request: { id: string; author: string }): Promise<PlannedWindow> {
    return changeMutes(this.#pipeline, (silences, now) => silences.removeWindow(request, now));
  }

  /** The maintenance windows, the next one first. */
  maintenance(): PlannedWindow[] {
    const { silences, clock } = this.#pipeline;
    return silences.windows(clock.now());
  }

  /** The mutes in force, including those of open maintenance windows. */
  mutes(): Mute[] {
    const { silences, clock } = this.#pipeline;
    return silences.all(clock.now());
  }

  /**
   * Stops the reminders of an alert, in all instances, until it resolves or becomes more severe. Its end is still sent.
   *
   * @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED
   */
  async acknowledge(request: AcknowledgeRequest): Promise<Alert> {
    return acknowledge(this.#pipeline, request);
  }

  /** @throws Failure EB_ALERT_UNKNOWN, EB_ALERT_RESOLVED, EB_NOT_ACKNOWLEDGED */
  async unacknowledge(request: AcknowledgeRequest): Promise<Alert> {
    return unacknowledge(this.#pipeline, request);
  }

  /** @throws Failure EB_ALERT_UNKNOWN */
  async explain(id: string): Promise<Explanation> {
    return explanationOf(this.#pipeline, id);
  }

  /** Does what is due by time. Called every second while the manager watches. */
  tick(): void {
    const { lifecycle, notifier, deliveryLog, stateFile, shared, nowMs } = this.#pipeline;
    lifecycle.expire(nowMs());
    notifier.work();
    deliveryLog.match();
    // Not at each attempt: a storm of alerts makes thousands of them.
    if (deliveryLog.takeChanged()) void stateFile?.save();
    stateFile?.maintain();
    shared?.sync(nowMs());
  }

  /** Resolves when the dispatcher has all due notifications, and no write or exchange with the database is running. */
  async settled(): Promise<void> {
    await settle(this.#pipeline);
  }

  /** Stops watching, and waits at most `graceMs` for running work. Then stop the dispatcher, and {@link close}. */
  async stop(graceMs = 2_000): Promise<void> {
    for (const end of this.#endings.splice(0)) end();
    await settleAndSave(this.#pipeline, graceMs, () => this.#pipeline.stateFile?.save());
  }

  /** Saves the results of the last notifications, and leaves the state to the next process. */
  async close(graceMs = 2_000): Promise<void> {
    await closePipeline(this.#pipeline, graceMs);
  }
}
