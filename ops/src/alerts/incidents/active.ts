import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import type { Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import { fingerprint, fingerprintOf } from "../model/fingerprint.ts";
import type { Incident } from "../model/record.ts";
import { sanitizeDetails, sanitizeMessage } from "../model/sanitize.ts";
import { aftermathMs, type Cause, causesOf, graceMs } from "./inhibition.ts";

/** A new incident. */
export interface NewIncident {
  type: AlertType;
  key: string;
  severity: AlertSeverity;
  message: string;
  details: Alert["details"];
  raised: Incident["raised"];
}

/** The alert of a type that ended last, and when on the steady clock. */
export type LastEnded = [type: AlertType, { alert: string; atMs: number }];

/** The instance as it is displayed. */
const instance = `${hostname()} (process ${process.pid})`;

/** The incidents of this process that fire, and the resolved ones whose end may still have to be sent. */
export class Incidents {
  readonly #firing = new Map<string, Incident>();
  readonly #open = new Set<Incident>();
  readonly #countByType = new Map<AlertType, number>();
  readonly #ended = new Map<LastEnded[0], LastEnded[1]>();

  /** Adopts an incident of another process; false when the same fires here already. */
  adopt(incident: Incident): boolean {
    const { alert } = incident;
    if (alert.state === "firing") {
      if (this.find(alert.type, alert.key)) return false;
      this.#countIn(incident);
    }
    this.#open.add(incident);
    return true;
  }

  /** Adopts the `lastEnded()` of another process. */
  adoptEnded(lastEnded: readonly LastEnded[]): void {
    for (const [type, ended] of lastEnded) {
      if ((this.#ended.get(type)?.atMs ?? 0) < ended.atMs) this.#ended.set(type, ended);
    }
  }

  /** The last resolved alert of each type; it explains its symptoms for a while. */
  lastEnded(): LastEnded[] {
    return [...this.#ended];
  }

  begin({ type, key, severity, message, details, raised }: NewIncident, now: Date, nowMs: number): Incident {
    const incident: Incident = {
      alert: {
        id: randomUUID(),
        type,
        key,
        severity,
        state: "firing",
        message: sanitizeMessage(message),
        details: sanitizeDetails(details),
        fired_at: now.toISOString(),
        resolved_at: null,
        acknowledged: null,
      },
      instance,
      decisions: [],
      attempts: [],
      firedMs: nowMs,
      telling: { state: "untold" },
      symptoms: [],
      raised,
    };
    this.#countIn(incident);
    this.#open.add(incident);
    return incident;
  }

  /** Updates an incident that became more severe. */
  worsen(
    incident: Incident,
    { severity, message, details }: Pick<NewIncident, "severity" | "message" | "details">,
  ): void {
    incident.alert = {
      ...incident.alert,
      severity,
      message: sanitizeMessage(message),
      details: sanitizeDetails(details),
      acknowledged: null,
    };
  }

  /** Updates the numbers of an incident that goes on; they are saved with the next change, or within a minute. */
  measure({ alert }: Incident, { message, details }: Pick<NewIncident, "message" | "details">): void {
    const { failing_since } = alert.details;
    alert.message = sanitizeMessage(message);
    alert.details = {
      ...sanitizeDetails(details),
      ...(failing_since === undefined ? {} : { failing_since }),
    };
  }

  end(incident: Incident, message: string, now: Date, nowMs: number): void {
    const { type } = incident.alert;
    this.#firing.delete(fingerprintOf(incident.alert));
    this.#countByType.set(type, this.count(type) - 1);
    this.#ended.set(type, { alert: incident.alert.id, atMs: nowMs });
    incident.alert = { ...incident.alert, state: "resolved", message, resolved_at: now.toISOString() };
  }

  find(type: AlertType, key: string): Incident | undefined {
    return this.#firing.get(fingerprint(type, key));
  }

  /** How many alerts of a type fire. */
  count(type: AlertType): number {
    return this.#countByType.get(type) ?? 0;
  }

  firing(): Incident[] {
    return [...this.#firing.values()];
  }

  /** Incidents with a notification that is, or may be, still to be sent. */
  open(): Incident[] {
    return [...this.#open];
  }

  /** Another instance took over the notifications of this incident. From now on, its claim is checked again. */
  leaveToOther(incident: Incident, nowMs: number): void {
    const { telling } = incident;
    if (telling.state === "told") incident.telling = { ...telling, state: "elsewhere", askAgainAtMs: nowMs };
  }

  /** No more notifications are sent for it. */
  close(incident: Incident): void {
    incident.telling = { state: "over" };
    this.#open.delete(incident);
  }

  /**
   * The cause of an incident, if one fires or is about to fire.
   *
   * @param watch the rule engine
   */
  causeOf(
    { alert, firedMs, raised }: Incident,
    watch: { isPending(type: AlertType): boolean; observedAtMs: number },
    nowMs: number,
  ): Cause {
    const causes = causesOf(alert.type, raised !== null);
    for (const type of causes) {
      const firing = this.find(type, "");
      if (firing) return { state: "known", type, alert: firing.alert.id };
      const ended = this.#ended.get(type);
      if (ended && nowMs - ended.atMs < aftermathMs) return { state: "known", type, alert: ended.alert };
    }
    const untilMs = firedMs + graceMs;
    const unclear = causes.find((type) => watch.isPending(type) || watch.observedAtMs <= firedMs);
    return unclear && nowMs < untilMs ? { state: "unclear", type: unclear, untilMs } : { state: "none" };
  }

  #countIn(incident: Incident): void {
    const { type } = incident.alert;
    this.#firing.set(fingerprintOf(incident.alert), incident);
    this.#countByType.set(type, this.count(type) + 1);
  }
}
