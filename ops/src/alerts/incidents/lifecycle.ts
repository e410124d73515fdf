import type { Clock } from "../../core/clock.ts";
import { type Alert, AlertType } from "../model/alert.ts";
import { brokenChannelIn } from "../model/channel-alert.ts";
import { formatDuration } from "../model/duration.ts";
import type { RaisedType } from "../model/raised-types.ts";
import type { Incident } from "../model/record.ts";
import { sanitizeKey } from "../model/sanitize.ts";
import type { Transition } from "../rules/rule-engine.ts";
import type { Acknowledgements } from "./acknowledgements.ts";
import type { Incidents } from "./active.ts";
import { measurementOf, newIncidentFrom, resolvedMessageOf } from "./alert-messages.ts";
import { EarlyResolutions } from "./early-resolutions.ts";
import {
  assertNotDeclared,
  assertRaisable,
  expiredIncidents,
  firingWithKey,
  type RaiseRequest,
  raiseIncident,
} from "./raise.ts";
import type { Records } from "./records.ts";

export interface LifecycleOptions {
  incidents: Incidents;
  records: Records;
  /** The keys of the declared alerts, which have type CUSTOM; undefined if this process does not know them. */
  declared: ReadonlySet<string> | undefined;
  acknowledgements: Acknowledgements;
  /** Called when an incident was raised, became more severe or was resolved. */
  onChange: () => void;
  clock: Clock;
  nowMs: () => number;
}

/** Opens and resolves incidents: after transitions of rules, on request of the service, and after a quiet time. */
export class IncidentLifecycle {
  readonly #options: LifecycleOptions;
  readonly #earlyResolutions = new EarlyResolutions();

  constructor(options: LifecycleOptions) {
    this.#options = options;
  }

  /** Opens or resolves the incident of a rule, or updates its numbers. */
  follow(transition: Transition, nowMs: number): void {
    const { incidents, records, clock } = this.#options;
    const incident = incidents.find(transition.rule.type, transition.key);
    if (transition.transition === "fired") {
      const now = clock.now();
      if (!incident) records.add(incidents.begin(newIncidentFrom(transition, now, nowMs), now, nowMs));
    } else if (transition.transition === "measured") {
      if (incident) incidents.measure(incident, measurementOf(transition));
    } else if (incident) {
      incident.alert.details.lasted_seconds = Math.round(transition.lastedMs) / 1000;
      this.#resolve(incident, resolvedMessageOf(transition));
    }
  }

  /** @throws Failure EB_ALERT_TYPE, EB_ALERT_DECLARED */
  raise(request: RaiseRequest): Alert {
    const { incidents, records, declared, clock, nowMs, onChange } = this.#options;
    assertNotDeclared(request, declared);
    const { incident, change } = raiseIncident(incidents, request, clock.now(), nowMs());
    if (change === "begun") records.add(incident);
    else records.changed(incident);
    if (change !== "repeated") onChange();
    return incident.alert;
  }

  /**
   * Returns the last of the alerts that it resolved; undefined if none was firing.
   *
   * @throws Failure EB_ALERT_TYPE, EB_ALERT_DECLARED
   */
  resolve(type: RaisedType, key: string): Alert | undefined {
    assertRaisable(type);
    assertNotDeclared({ type, key }, this.#options.declared);
    const firing = firingWithKey(this.#options.incidents, type, key);
    for (const incident of firing) this.#resolveRaised(incident);
    if (firing.length === 0 || key === "") {
      this.#earlyResolutions.note(type, sanitizeKey(key), this.#options.nowMs());
    }
    return firing.at(-1)?.alert;
  }

  /** Resolves incidents that were not raised again during their quiet time. */
  expire(nowMs: number): void {
    for (const { incident, message } of expiredIncidents(this.#options.incidents, nowMs)) {
      this.#resolve(incident, message);
    }
  }

  /**
   * Resolves incidents of an earlier process that were resolved here before they were taken over, or that concern a
   * channel which is not configured, or an alert which is not declared, any more.
   */
  resolveAdopted(channels: readonly string[]): void {
    for (const incident of this.#options.incidents.firing()) {
      const broken = brokenChannelIn(incident.alert);
      if (this.#earlyResolutions.has(incident)) this.#resolveRaised(incident);
      else if (broken !== undefined && !channels.includes(broken)) {
        this.#resolve(incident, `The channel ${broken} is no longer configured.`);
      } else if (this.#isNoLongerDeclared(incident)) {
        this.#resolve(incident, `The alert ${incident.alert.key} is no longer declared.`);
      }
    }
  }

  #isNoLongerDeclared({ alert: { type, key }, raised }: Incident): boolean {
    const { declared } = this.#options;
    return declared !== undefined && type === AlertType.CUSTOM && raised === null && !declared.has(key);
  }

  #resolveRaised(incident: Incident): void {
    const lasted = formatDuration(this.#options.nowMs() - incident.firedMs);
    this.#resolve(incident, `Resolved after ${lasted}: ${incident.alert.message}`);
  }

  #resolve(incident: Incident, message: string): void {
    const { incidents, records, acknowledgements, clock, nowMs, onChange } = this.#options;
    incidents.end(incident, message, clock.now(), nowMs());
    acknowledgements.end(incident);
    records.changed(incident);
    onChange();
  }
}
