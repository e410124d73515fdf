import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { within } from "../../monitoring/index.ts";
import type { Incidents } from "../incidents/active.ts";
import type { Cause } from "../incidents/inhibition.ts";
import type { Silences } from "../incidents/silences.ts";
import type { Alert, AlertSeverity } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import type { Occasion, QueuedNotification } from "../model/notification.ts";
import { type Choice, describeDecision } from "../model/notification-decision.ts";
import { type AlertRecord, type Incident, noteDecision } from "../model/record.ts";
import {
  type DispatchOnceOptions,
  type DispatchResult,
  dispatchOnce,
  notificationOf,
} from "./dispatch-once.ts";
import { decide, repeatMs } from "./policy.ts";

const saveWithinMs = 2_000;

export type LastNotified = [fingerprint: string, { atMs: number; alert: string; severity: AlertSeverity }];

export interface NotifierOptions extends DispatchOnceOptions {
  incidents: Incidents;
  silences: Silences;
  causeOf: (incident: Incident, nowMs: number) => Cause;
  /** Called when something about a record has changed. */
  onChange: (record: AlertRecord) => void;
  /** Brings to disk what a restart must not forget; never rejects. */
  save: () => Promise<void>;
  clock: Clock;
  nowMs: () => number;
  log: Logger;
}

/** Carries out what is decided about telling people, for all incidents; one that takes long delays no other. */
export class Notifier {
  readonly #options: NotifierOptions;
  readonly #lastNotified = new Map<LastNotified[0], LastNotified[1]>();
  readonly #underWay = new Map<Incident, Promise<void>>();
  /** Alerts as they were when they were last saved: what begins or ends is another object. */
  readonly #secured = new WeakSet<Alert>();
  #scheduled = false;

  constructor(options: NotifierOptions) {
    this.#options = options;
  }

  /** Has it looked at soon what is to be told; however often it is called meanwhile, once. */
  schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      this.work();
    });
  }

  /** Decides about every incident that is open, as things are now. */
  work(): void {
    const { incidents, clock, save } = this.#options;
    const now = clock.now();
    const nowMs = this.#options.nowMs();
    this.#forget(nowMs);
    let decided = false;
    for (const incident of incidents.open()) {
      if (!this.#underWay.has(incident)) decided = this.#decide(incident, now, nowMs) || decided;
    }
    if (decided) void save();
  }

  /** Resolves when everything that can be told now is with the dispatcher. */
  async settled(): Promise<void> {
    while (this.#scheduled || this.#underWay.size > 0) {
      await Promise.all(this.#underWay.values());
      await Promise.resolve();
    }
  }

  /** Takes in what another process has told, as its `lastNotified()` gave it. */
  adopt(lastNotified: readonly LastNotified[]): void {
    for (const [fingerprint, told] of lastNotified) {
      if ((this.#lastNotified.get(fingerprint)?.atMs ?? 0) < told.atMs)
        this.#lastNotified.set(fingerprint, told);
    }
  }

  /**
   * Takes note that people are told what is on disk for the channels, also by a process before this one, and
   * resolves when that is on disk as well: what is sent after that is not told again after a crash.
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

  /** What was told so lately that it is not repeated. */
  lastNotified(): LastNotified[] {
    this.#forget(this.#options.nowMs());
    return [...this.#lastNotified];
  }

  /** Whether anything was decided at once; what has to be told takes its time. */
  #decide(incident: Incident, now: Date, nowMs: number): boolean {
    const { silences, causeOf, incidents } = this.#options;
    const { type, key, state } = incident.alert;
    // It fires here again: there will be another end, and nobody need wait for this one.
    if (state === "resolved" && incident.telling.state === "elsewhere" && incidents.find(type, key)) {
      incidents.close(incident);
      return true;
    }
    const plan = decide(incident, {
      nowMs,
      mute: silences.of(incident.alert.type, now),
      cause: causeOf(incident, nowMs),
      lastNotified: this.#lastNotified.get(fingerprintOf(incident.alert)),
    });
    if (plan.do === "nothing") return false;
    if (plan.do === "tell") {
      const work = this.#tell(incident, plan.occasion, nowMs).finally(() => this.#underWay.delete(incident));
      this.#underWay.set(incident, work);
      return false;
    }
    if (plan.choice.decision === "inhibited") this.#addSymptom(plan.choice.by_alert, incident.alert.id);
    const noted = this.#note(incident, plan.occasion, plan.choice);
    if (plan.over) incidents.close(incident);
    return noted || plan.over;
  }

  async #tell(incident: Incident, occasion: Occasion, nowMs: number): Promise<void> {
    const { clock, log, save } = this.#options;
    const { alert } = incident;
    // Before anything is waited for: what is found in the spool meanwhile is this one, not one before it.
    const notification = notificationOf(incident, occasion, clock.now());
    try {
      await this.#secure(alert);
      const told = await dispatchOnce(this.#options, incident, notification, nowMs);
      const isNew = this.#note(incident, occasion, told.choice);
      this.#conclude(incident, occasion, told, { atMs: nowMs, severity: notification.alert.severity });
      if (isNew) void save();
      // It may have ended, or become worse, meanwhile.
      if (incident.alert !== alert) this.schedule();
    } catch (error) {
      log.error({ err: error, alert_id: alert.id }, "an alert could not be handed on; it is tried again");
    }
  }

  /**
   * Before people are told, it is on disk that they are to be told: whoever finds that after a crash tells it,
   * and goes on from there. Told twice, then, rather than an alert without an end.
   */
  async #secure(alert: Alert): Promise<void> {
    if (this.#secured.has(alert)) return;
    await this.#saved();
    this.#secured.add(alert);
  }

  async #saved(): Promise<void> {
    // A disk that hangs is no reason to tell nobody.
    await within(saveWithinMs, this.#options.save()).catch(() => undefined);
  }

  #conclude(
    incident: Incident,
    occasion: Occasion,
    told: DispatchResult,
    { atMs, severity }: { atMs: number; severity: AlertSeverity },
  ): void {
    if (told.choice.decision === "waits_for_turn") return;
    if ("askAgainAfterMs" in told) {
      incident.telling = { state: "elsewhere", askAgainAtMs: atMs + told.askAgainAfterMs, severity };
      return;
    }
    if (occasion === "resolved") {
      this.#options.incidents.close(incident);
      return;
    }
    incident.telling = { state: "told", atMs, severity };
    this.#lastNotified.set(fingerprintOf(incident.alert), { atMs, alert: incident.alert.id, severity });
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

  /** Most of what is told never fires again, and would be kept, and written at each change, for ever. */
  #forget(nowMs: number): void {
    for (const [fingerprint, { atMs }] of this.#lastNotified) {
      if (nowMs - atMs >= repeatMs) this.#lastNotified.delete(fingerprint);
    }
  }
}

const hasNotified = ({ decisions }: Incident, notificationId: string): boolean =>
  decisions.some((one) => one.decision === "told" && one.notification_id === notificationId);
