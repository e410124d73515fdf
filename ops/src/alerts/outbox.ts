import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../lib/log.ts";
import type { Alert } from "./alert.ts";
import type { Channel, SendResult } from "./channel.ts";

/** How often, and how far apart, a channel is tried. */
export interface Persistence {
  attempts: number;
  /** The pause after the first failure; each later one is twice as long. */
  firstPauseMs: number;
  longestPauseMs: number;
}

/** Twelve attempts over about five minutes. */
const patient: Persistence = { attempts: 12, firstPauseMs: 500, longestPauseMs: 60_000 };

/**
 * Brings alerts to one channel, in order, one at a time. Nobody waits for it: a channel that is slow or away
 * delays neither another channel nor the watch itself.
 */
export class Outbox {
  readonly #channel: Channel;
  readonly #log: Logger;
  readonly #persistence: Persistence;
  readonly #queue: Alert[] = [];
  readonly #ended = new AbortController();
  #working: Promise<void> | undefined;

  constructor({
    channel,
    log,
    persistence = patient,
  }: { channel: Channel; log: Logger; persistence?: Persistence }) {
    this.#channel = channel;
    this.#log = log;
    this.#persistence = persistence;
  }

  /** Accepts an alert for delivery and returns at once. */
  add(alert: Alert): void {
    this.#queue.push(alert);
    this.#working ??= this.#work();
  }

  /** Gives what is under way `graceMs` to arrive, then gives it up. */
  async close(graceMs: number): Promise<void> {
    const timer = setTimeout(() => this.#ended.abort(), graceMs);
    await this.#working;
    clearTimeout(timer);
    this.#ended.abort();
  }

  async #work(): Promise<void> {
    for (let alert = this.#queue.shift(); alert; alert = this.#queue.shift()) await this.#deliver(alert);
    this.#working = undefined;
  }

  async #deliver(alert: Alert): Promise<void> {
    const about = { channel: this.#channel.name, alert_id: alert.id, type: alert.type, state: alert.state };
    for (let attempt = 1; ; attempt++) {
      const outcome = await this.#send(alert);
      if (outcome.result === "accepted")
        return this.#log.debug({ ...about, attempt }, "an alert was delivered");
      const { reason } = outcome;
      const isLast = outcome.result === "refused" || attempt === this.#persistence.attempts;
      if (isLast || this.#ended.signal.aborted) {
        return this.#log.error({ ...about, attempt, reason }, "an alert could not be delivered");
      }
      const pauseMs = outcome.afterMs ?? pauseAfter(attempt, this.#persistence, Math.random());
      this.#log.warn({ ...about, attempt, reason, next_in_ms: pauseMs }, "an alert is delivered later");
      await sleep(pauseMs, undefined, { signal: this.#ended.signal }).catch(() => undefined);
    }
  }

  async #send(alert: Alert): Promise<SendResult> {
    try {
      const occasion = alert.state === "firing" ? "fired" : "resolved";
      const created_at = new Date().toISOString();
      const notification = { id: randomUUID(), occasion, alert, symptoms: 0, created_at } as const;
      return await this.#channel.send(notification, this.#ended.signal);
    } catch (error) {
      // Only its kind: the words of an unforeseen error may hold the address, which is a secret.
      return { result: "try_again", reason: error instanceof Error ? error.name : "an unknown error" };
    }
  }
}

/**
 * How long to wait after a failed attempt, in milliseconds: doubling, up to a limit, and up to half less by
 * chance, so that many processes do not come back in step.
 *
 * @param attempt the first is 1
 * @param chance from 0 to 1
 */
export const pauseAfter = (
  attempt: number,
  { firstPauseMs, longestPauseMs }: Persistence,
  chance: number,
): number => Math.round(Math.min(longestPauseMs, firstPauseMs * 2 ** (attempt - 1)) * (1 - chance / 2));
