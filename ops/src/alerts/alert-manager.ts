import { randomUUID } from "node:crypto";
import { type Clock, systemClock } from "../lib/clock.ts";
import type { Logger } from "../lib/log.ts";
import type { Snapshot } from "../monitoring/index.ts";
import type { Alert, AlertSeverity, AlertType } from "./alert.ts";
import type { Channel } from "./channel.ts";
import { databaseDown } from "./database-down.ts";
import { inWords } from "./duration.ts";
import { evaluate, type RuleState } from "./evaluate.ts";
import { Outbox, type Persistence } from "./outbox.ts";
import type { Rule } from "./rule.ts";

const rules: readonly Rule[] = [databaseDown];

const historyLimit = 1_000;

/** Where snapshots come from; the monitoring service is one. */
export interface SnapshotSource {
  onSnapshot(listener: (snapshot: Snapshot) => void): () => void;
}

export interface AlertManagerOptions {
  /** Whom to tell besides the log. */
  channels: readonly Channel[];
  log: Logger;
  clock?: Clock;
  persistence?: Persistence;
}

/**
 * Watches what the monitoring finds, and tells when something begins to be wrong and when it has ended: once
 * each, in the log and in every channel. Needs no database.
 */
export class AlertManager {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #outboxes: readonly Outbox[];
  readonly #states = new Map<AlertType, RuleState>();
  readonly #firing = new Map<AlertType, Alert>();
  /** By id, oldest first. */
  readonly #history = new Map<string, Alert>();
  #unwatch: (() => void)[] = [];

  constructor({ channels, log, clock = systemClock, persistence }: AlertManagerOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#outboxes = channels.map(
      (channel) => new Outbox({ channel, log, ...(persistence === undefined ? {} : { persistence }) }),
    );
  }

  /** Begins to watch; a process has one manager that watches one monitoring. */
  watch(monitoring: SnapshotSource): void {
    this.#unwatch.push(monitoring.onSnapshot((snapshot) => this.observe(snapshot)));
  }

  /** Takes note of one snapshot. */
  observe(snapshot: Snapshot): void {
    for (const rule of rules) this.#apply(rule, rule.faultIn(snapshot));
  }

  /** Alerts that fire now. */
  active(): Alert[] {
    return [...this.#firing.values()];
  }

  /**
   * Alerts of this process's life, newest first, at most the last thousand.
   *
   * @param filter.before only those that fired before
   */
  history(filter: {
    limit: number;
    type?: AlertType | undefined;
    severity?: AlertSeverity | undefined;
    before?: Date | undefined;
  }): Alert[] {
    const { limit, type, severity, before } = filter;
    return [...this.#history.values()]
      .filter((alert) => type === undefined || alert.type === type)
      .filter((alert) => severity === undefined || alert.severity === severity)
      .filter((alert) => before === undefined || new Date(alert.fired_at) < before)
      .reverse()
      .slice(0, limit);
  }

  /** Stops watching, and gives notifications under way `graceMs` to arrive. */
  async stop(graceMs = 2_000): Promise<void> {
    for (const unwatch of this.#unwatch.splice(0)) unwatch();
    await Promise.all(this.#outboxes.map((outbox) => outbox.close(graceMs)));
  }

  #apply(rule: Rule, fault: Record<string, string | number> | undefined): void {
    const state = this.#states.get(rule.type) ?? { state: "inactive" };
    const observation = { failing: fault !== undefined, atMs: this.#clock.monotonicMs() };
    const verdict = evaluate(rule.patience, state, observation);
    this.#states.set(rule.type, verdict.next);
    if (verdict.transition === "fired") this.#fire(rule, fault ?? {}, observation.atMs - verdict.sinceMs);
    if (verdict.transition === "resolved") this.#resolve(rule, verdict.lastedMs);
  }

  #fire({ type, severity, firedMessage }: Rule, fault: Record<string, string | number>, agoMs: number): void {
    const now = this.#clock.now();
    const alert: Alert = {
      id: randomUUID(),
      type,
      key: "",
      severity,
      state: "firing",
      message: firedMessage,
      details: { ...fault, failing_since: new Date(now.getTime() - agoMs).toISOString() },
      fired_at: now.toISOString(),
      resolved_at: null,
    };
    this.#firing.set(type, alert);
    this.#tell(alert);
  }

  #resolve({ type, resolvedMessage }: Rule, lastedMs: number): void {
    const fired = this.#firing.get(type);
    if (!fired) return;
    this.#firing.delete(type);
    this.#tell({
      ...fired,
      state: "resolved",
      message: resolvedMessage(inWords(lastedMs)),
      details: { ...fired.details, outage_seconds: Math.round(lastedMs) / 1000 },
      resolved_at: this.#clock.now().toISOString(),
    });
  }

  #tell(alert: Alert): void {
    this.#history.set(alert.id, alert);
    const [oldest] = this.#history.keys();
    if (oldest !== undefined && this.#history.size > historyLimit) this.#history.delete(oldest);
    const say = alert.state === "firing" ? "error" : "info";
    this.#log[say]({ alert }, `alert ${alert.type} ${alert.state}: ${alert.message}`);
    for (const outbox of this.#outboxes) outbox.add(alert);
  }
}
