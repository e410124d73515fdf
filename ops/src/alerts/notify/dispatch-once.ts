import type { Clock } from "../../core/clock.ts";
import type { Dispatcher, Notification, Occasion } from "../model/notification.ts";
import { type Choice, oneTurnMs } from "../model/notification-decision.ts";
import { type Incident, toldElsewhere } from "../model/record.ts";
import { askAgainAfterMs, type Claims } from "./deduplication.ts";

/** What became of telling people, as far as this process is concerned. */
export type Told =
  | { choice: Choice & { decision: "told" } }
  /** `askAgainAfterMs` where there is something left to tell, should the other one die. */
  | { choice: Choice & { decision: "told_elsewhere" }; askAgainAfterMs?: number }
  | { choice: Choice & { decision: "waits_for_turn" } };

export interface TellerOptions {
  dispatcher: Dispatcher;
  claims: Claims;
  /** How many living instances come before this one. */
  rank: () => number;
  clock: Clock;
}

/**
 * Tells people of an alert, once for all instances. Where the others cannot be asked, the first tells at
 * once and each other one a minute later than the one before, in case that is dead: rather twice than never.
 */
export class Teller {
  readonly #dispatcher: Dispatcher;
  readonly #claims: Claims;
  readonly #rank: () => number;
  readonly #clock: Clock;

  constructor({ dispatcher, claims, rank, clock }: TellerOptions) {
    this.#dispatcher = dispatcher;
    this.#claims = claims;
    this.#rank = rank;
    this.#clock = clock;
  }

  /**
   * Resolves when the notification is safely on disk, or when it is known that somebody else tells it.
   *
   * @param notification of the incident as it was; what happens to it meanwhile is told the next time
   */
  async tell(incident: Incident, notification: Notification, nowMs: number): Promise<Told> {
    const { occasion } = notification;
    const rank = this.#rank();
    const turnMs = incident.firedMs + rank * oneTurnMs;
    const waitsForTurn = { decision: "waits_for_turn", rank, until: new Date(turnMs).toISOString() } as const;
    const neverTold = incident.telling.state === "untold";
    // Whoever comes first may have told it without being able to say so, and needs a moment to catch up.
    if (occasion === "resolved" && neverTold && nowMs < turnMs) return { choice: waitsForTurn };
    const claim =
      occasion === "resolved"
        ? await this.#claims.toEnd(incident, this.#clock.now())
        : await this.#claims.toTell(incident, this.#clock.now());
    if (claim.claim === "theirs") {
      const { instance, alert } = claim;
      const choice = { decision: "told_elsewhere", instance, alert } as const;
      const isOver = occasion === "resolved" && claim.hasEnded;
      return isOver ? { choice } : { choice, askAgainAfterMs: claim.askAgainAfterMs };
    }
    if (claim.claim === "unknown") {
      if (neverTold && nowMs < turnMs) return { choice: waitsForTurn };
      // It is told there, or may well go on, where nobody can be asked now: it can wait for the answer.
      const theirs = toldElsewhere(incident, occasion);
      if (theirs) return { choice: theirs, askAgainAfterMs };
    }
    await this.#dispatcher.dispatch(notification);
    if (occasion !== "resolved") this.#claims.told(incident, this.#clock.now());
    const { id, symptoms } = notification;
    return { choice: { decision: "told", notification_id: id, symptoms } };
  }
}

/** What people are to be told of an incident as it is at this moment. */
export const notificationOf = (incident: Incident, occasion: Occasion, now: Date): Notification => ({
  id: idOf(incident, occasion),
  occasion,
  alert: { ...incident.alert, details: { ...incident.alert.details } },
  symptoms: incident.symptoms.length,
  created_at: now.toISOString(),
});

/** The same for whoever tells it after a crash, who finds it in the spool by that; another for each reminder. */
const idOf = ({ alert, decisions }: Incident, occasion: Occasion): string => {
  const told = decisions.filter((one) => one.decision === "told" && one.occasion === occasion).length;
  return `${alert.id}-${occasion}-${told + 1}`;
};
