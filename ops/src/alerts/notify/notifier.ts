import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { withTimeout } from "../../monitoring/index.ts";
import type { Incidents } from "../incidents/active.ts";
import type { Cause } from "../incidents/inhibition.ts";
import type { Silences } from "../incidents/silences.ts";
import type { Alert, AlertSeverity } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import type { Occasion, QueuedNotification, Repetition } from "../model/notification.ts";
import { type Choice, describeDecision } from "../model/notification-decision.ts";
import { type AlertRecord, type Incident, noteDecision } from "../model/record.ts";
import {
  type DispatchOnceOptions,
  type DispatchResult,
  dispatchOnce,
  notificationOf,
} from "./dispatch-once.ts";
import { decideNotification, type LastNotification, recountMs } from "./policy.ts";

const saveWithinMs = 2_000;

/** As saved; a state of an older version has no `firedMs` and no `hasEnded`. */
export type LastNotified = [
  fingerprint: string,
  Pick<LastNotification, "atMs" | "alert" | "severity"> & Partial<LastNotification>,
];

export interface NotifierOptions extends DispatchOnceOptions {
  incidents: Incidents;
  silences: Silences;
  causeOf: (incident: Incident, nowMs: number) => Cause;
  /** Called when a record changed. */
  onChange: (record: AlertRecord) => void;
  /** Saves the state to disk; never rejects. */
  save: () => Promise<void>;
  clock: Clock;
  nowMs: () => number;
  log: Logger;
}

/** Applies the notification policy to all incidents. A slow dispatch does not delay other incidents. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #lastNotified = new Map<string, LastNotification>();
  readonly #dispatching = new Map<Incident, Promise<void>>();
  /** The alerts that were saved; a change makes a new object. */
  readonly #savedAlerts = new WeakSet<Alert>();
  #scheduled = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Schedules {@link work} in a microtask; several calls are combined. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.work();
    });
  }

  /** Decides about every open incident. */
  work(): void {
    const { incidents, clock, save } = this.#options;
    const now = clock.now();
    const nowMs = this.#options.nowMs();
    this.#forget(nowMs);
    let decided = false;
    for (const incident of incidents.open()) {
      if (!this.#dispatching.has(incident)) decided = this.#decide(incident, now, nowMs) || decided;
    }
    if (decided) void save();
  }

  /** Resolves when the dispatcher has all due notifications. */
  async settled(): Promise<void> {
    while (this.#scheduled || this.#dispatching.size > 0) {
      await Promise.all(this.#dispatching.values());
      await Promise.resolve();
    }
  }

  /** Adopts the `lastNotified()` of another process. */
  adopt(lastNotified: readonly LastNotified[]): void {
    for (const [fingerprint, last] of lastNotified) {
      if ((this.#lastNotified.get(fingerprint)?.atMs ?? 0) < last.atMs)
        this.#lastNotified.set(fingerprint, { firedMs: [last.atMs], hasEnded: false, ...last });
    }
  }

  /**
   * Records that notifications on disk count as sent, including those of an earlier process. Resolves when the state
   * is saved: they are not sent twice after a crash.
   */
  async markNotified(notifications: readonly QueuedNotification[]): Promise<void> {
    const open = this.#options.incidents.open();
    let isNew = false;
    for (const { id, occasion, alert, symptoms, channels } of notifications) {
      const incident = open.find((one) => one.alert.id === alert.id);
      if (!incident || hasNotified(incident, id)) continue;
      const choice = { decision: "told", notification_id: id, symptoms, channels } as const;
      this.#note(incident, occasion, choice);
      this.#conclude(
        incident,
        occasion,
        { choice },
        { atMs: this.#options.nowMs(), severity: alert.severity },
      );
      isNew = true;
    }
    if (isNew) await this.#saved();
  }

  /** The last notification of each fingerprint in the last hour. */
  lastNotified(): LastNotified[] {
    this.#forget(this.#options.nowMs());
    return [...this.#lastNotified];
  }

  /** Returns whether a decision was made immediately; a dispatch takes longer. */
  #decide(incident: Incident, now: Date, nowMs: number): boolean {
    const { silences, causeOf, incidents } = this.#options;
    const { type, key, state } = incident.alert;
    // It fires here again, so its next end is sent instead.
    if (state === "resolved" && incident.telling.state === "elsewhere" && incidents.find(type, key)) {
      incidents.close(incident);
      return true;
    }
    const plan = decideNotification(incident, {
      nowMs,
      mute: silences.of(incident.alert, now),
      cause: causeOf(incident, nowMs),
      lastNotified: this.#lastNotified.get(fingerprintOf(incident.alert)),
    });
    if (plan.do === "nothing") return false;
    if (plan.do === "notify") {
      const work = this.#dispatch(incident, plan.occasion, nowMs).finally(() =>
        this.#dispatching.delete(incident),
      );
      this.#dispatching.set(incident, work);
      return false;
    }
    if (plan.choice.decision === "inhibited") this.#addSymptom(plan.choice.by_alert, incident.alert.id);
    const noted = this.#note(incident, plan.occasion, plan.choice);
    if (plan.over) incidents.close(incident);
    return noted || plan.over;
  }

  async #dispatch(incident: Incident, occasion: Occasion, nowMs: number): Promise<void> {
    const { clock, log, save } = this.#options;
    const { alert } = incident;
    // Before the first await, so that a notification found in the spool meanwhile has the same id.
    const notification = notificationOf(incident, occasion, clock.now(), this.#repetitionOf(incident, nowMs));
    try {
      await this.#saveBeforeDispatch(alert);
      const result = await dispatchOnce(this.#options, incident, notification, nowMs);
      const isNew = this.#note(incident, occasion, result.choice);
      this.#conclude(incident, occasion, result, { atMs: nowMs, severity: notification.alert.severity });
      if (isNew) void save();
      // It may have changed meanwhile.
      if (incident.alert !== alert) this.schedule();
    } catch (error) {
      log.error({ err: error, alert_id: alert.id }, "an alert could not be dispatched; it is retried");
    }
  }

  /**
   * Saves the incident before its notification is sent. After a crash, the next process sends it, perhaps twice, and
   * continues from there: an alert without an end would be worse.
   */
  async #saveBeforeDispatch(alert: Alert): Promise<void> {
    if (this.#savedAlerts.has(alert)) return;
    await this.#saved();
    this.#savedAlerts.add(alert);
  }

  async #saved(): Promise<void> {
    // A disk that hangs must not stop notifications.
    await withTimeout(saveWithinMs, this.#options.save()).catch(() => undefined);
  }

  #conclude(
    incident: Incident,
    occasion: Occasion,
    result: DispatchResult,
    { atMs, severity }: { atMs: number; severity: AlertSeverity },
  ): void {
    if (result.choice.decision === "waits_for_turn") return;
    const fingerprint = fingerprintOf(incident.alert);
    const last = this.#lastNotified.get(fingerprint);
    if ("askAgainAfterMs" in result) {
      incident.telling = { state: "elsewhere", askAgainAtMs: atMs + result.askAgainAfterMs, severity };
      return;
    }
    if (occasion === "resolved") {
      this.#options.incidents.close(incident);
      if (last) this.#lastNotified.set(fingerprint, { ...last, hasEnded: true });
      return;
    }
    incident.telling = { state: "told", atMs, severity };
    const { id: alert } = incident.alert;
    const before = last?.firedMs ?? [];
    const firedMs = last?.alert === alert ? before : [...within(recountMs, before, atMs), atMs];
    this.#lastNotified.set(fingerprint, { atMs, alert, severity, firedMs, hasEnded: false });
  }

  /** How often the alert was sent in the last hour, this time included; undefined for the first time. */
  #repetitionOf({ alert }: Incident, nowMs: number): Repetition | undefined {
    const last = this.#lastNotified.get(fingerprintOf(alert));
    if (!last || last.alert === alert.id) return undefined;
    const [firstMs, ...others] = within(recountMs, last.firedMs, nowMs);
    if (firstMs === undefined) return undefined;
    return { count: others.length + 2, within_seconds: Math.round((nowMs - firstMs) / 1000) };
  }

  #note(incident: Incident, occasion: Occasion, choice: Choice): boolean {
    const { clock, onChange, log } = this.#options;
    if (!noteDecision(incident, occasion, choice, clock.now())) return false;
    onChange(incident);
    const last = incident.decisions.at(-1);
    const { id: alert_id, type, key, severity, state } = incident.alert;
    if (last && choice.decision !== "told" && choice.decision !== "never_told") {
      log.info({ alert_id, key, severity }, `alert ${type} ${state}: ${describeDecision(last)}`);
    }
    return true;
  }

  #addSymptom(cause: string, symptom: string): void {
    const incident = this.#options.incidents.open().find(({ alert }) => alert.id === cause);
    if (incident && !incident.symptoms.includes(symptom)) incident.symptoms.push(symptom);
  }

  /** Most alerts never fire again; their entries would be kept and saved forever. */
  #forget(nowMs: number): void {
    for (const [fingerprint, { atMs }] of this.#lastNotified) {
      if (nowMs - atMs >= recountMs) this.#lastNotified.delete(fingerprint);
    }
  }
}

const within = (ms: number, times: readonly number[], nowMs: number): number[] =>
  times.filter((atMs) => nowMs - atMs < ms);

const hasNotified = ({ decisions }: Incident, notificationId: string): boolean =>
  decisions.some((one) => one.decision === "told" && one.notification_id === notificationId);
