import type { Clock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { ChannelStatus } from "../model/notification.ts";
import type { Backoff } from "./backoff.ts";
import type { Channel, SendResult } from "./channel.ts";
import {
  afterAttempt,
  afterNewNotification,
  type ChannelHealth,
  remainingBackoffMs,
  type Unreached,
  unreachedAfter,
  type VisibleHealth,
  visibleHealth,
} from "./channel-health.ts";
import { groupOf, nextBatch } from "./delivery-batch.ts";
import { enqueue, type QueuedDelivery } from "./delivery-queue.ts";
import type { DeliveryResult } from "./delivery-result.ts";
import type { Entry } from "./outbox/entry.ts";

export interface WorkerOptions {
  channel: Channel;
  log: Logger;
  clock: Clock;
  backoff: Backoff;
  /** The timeout of an attempt. */
  deadlineMs: number;
  /** The age at which a notification is given up. */
  giveUpAfterMs: number;
  /** How long the notifications of a group are collected after its first, for channels that group. */
  groupWindowMs: number;
  /** Records the result of an attempt. The next attempt waits for it, so a crash repeats at most one. */
  onResult(outcome: DeliveryResult): Promise<void>;
  onHealthChange(before: VisibleHealth, after: VisibleHealth): void;
}

/**
 * A notification is tried at least this long, whatever its age: the machine may have been off for days, or its clock
 * set ahead.
 */
const triedAtLeastMs = 60 * 60_000;

/**
 * Delivers notifications to one channel, one message at a time, those of one alert in order, independently of other
 * channels.
 */
export class ChannelWorker {
  readonly #options: WorkerOptions;
  readonly #queue: QueuedDelivery[] = [];
  readonly #lastSent = new Map<string, number>();
  readonly #ended = new AbortController();
  #health: ChannelHealth;
  #unreached: Unreached | undefined;
  #acceptedAtMs = Number.NEGATIVE_INFINITY;
  #working: Promise<void> | undefined;
  #isClosing = false;
  #wake = () => {};

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#health = { state: "working", since: options.clock.now() };
  }

  get status(): ChannelStatus {
    const seen = visibleHealth(this.#health, this.#unreached);
    const reason = seen.state === "working" ? null : seen.reason;
    const { name } = this.#options.channel;
    const since = seen.since.toISOString();
    return { channel: name, state: seen.state, reason, since, waiting: this.#queue.length };
  }

  /** Queues a notification. */
  add(entry: Entry, attempts: number): void {
    if (this.#isClosing) return;
    const nowMs = this.#options.clock.monotonicMs();
    enqueue(this.#queue, { entry, attempts, sinceMs: nowMs });
    this.#health = afterNewNotification(this.#health, nowMs);
    this.#wake();
    this.#working ??= this.#work();
  }

  /** Sends once, now. A channel that accepts for all recipients is healthy again. */
  async test(notification: Entry["notification"]): Promise<SendResult> {
    const result = await this.#send(notification);
    if (result.result === "accepted" && result.unreached === undefined) this.#stand(result);
    this.#wake();
    return result;
  }

  /** Delivers due notifications for at most `graceMs`; the others stay in the spool. */
  async close(graceMs: number): Promise<void> {
    this.#isClosing = true;
    this.#wake();
    const timer = setTimeout(() => this.#ended.abort(), graceMs);
    await this.#working;
    clearTimeout(timer);
    this.#ended.abort();
  }

  async #work(): Promise<void> {
    for (let next = this.#next(); next; next = this.#next()) {
      const restsMs = remainingBackoffMs(this.#health, this.#options.clock.monotonicMs());
      if (this.#ended.signal.aborted || (restsMs > 0 && this.#isClosing)) break;
      if (restsMs > 0) await this.#pause(restsMs);
      else if ("waitMs" in next) await this.#pause(next.waitMs);
      else await this.#attempt(next.deliveries);
    }
    this.#working = undefined;
  }

  #next() {
    const { channel, clock, groupWindowMs } = this.#options;
    const groups = channel.groups === true && groupWindowMs > 0;
    return nextBatch(this.#queue, {
      lastSent: this.#lastSent,
      groups,
      windowMs: groups && !this.#isClosing ? groupWindowMs : 0,
      nowMs: clock.monotonicMs(),
    });
  }

  #pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      // The notification is on disk, so the timer does not keep the process alive.
      const timer = setTimeout(resolve, ms).unref();
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  async #attempt([first, ...others]: readonly [QueuedDelivery, ...QueuedDelivery[]]): Promise<void> {
    const { clock } = this.#options;
    const at = clock.now();
    const startedMs = clock.monotonicMs();
    const { notification } = first.entry;
    const together = others.map(({ entry }) => entry.notification);
    const result = await this.#send(
      together.length === 0 ? notification : { ...notification, others: together },
    );
    // The abort was not the channel's fault.
    if (this.#ended.signal.aborted && result.result !== "accepted") return;
    const tookMs = clock.monotonicMs() - startedMs;
    // A message that failed is retried after the backoff, not after the window.
    if (result.result === "accepted") this.#lastSent.set(groupOf(first), startedMs);
    // Refused twice while others were accepted: the notification is at fault, not the channel.
    const isItsFault = result.result === "refused" && (first.refusedAtMs ?? Infinity) < this.#acceptedAtMs;
    if (!isItsFault) this.#stand(result);
    const attempt = { result, isItsFault, at, tookMs };
    await Promise.all([first, ...others].map((one) => this.#conclude(one, attempt)));
  }

  async #conclude(
    waiting: QueuedDelivery,
    { result, isItsFault, at, tookMs }: { result: SendResult; isItsFault: boolean; at: Date; tookMs: number },
  ): Promise<void> {
    const { clock, channel, onResult } = this.#options;
    waiting.attempts++;
    const settled = this.#settle(waiting, result, isItsFault);
    const restsMs = remainingBackoffMs(this.#health, clock.monotonicMs());
    await onResult({
      entry: waiting.entry,
      channel: channel.name,
      attempt: waiting.attempts,
      at,
      tookMs,
      outcome: settled.outcome,
      answer: (result.result === "accepted" ? result.answer : result.reason) ?? null,
      nextAt: settled.isDone ? null : new Date(clock.now().getTime() + restsMs),
    });
    if (settled.isDone) this.#queue.splice(this.#queue.indexOf(waiting), 1);
  }

  /** Decides about the notification. */
  #settle(
    waiting: QueuedDelivery,
    result: SendResult,
    isItsFault: boolean,
  ): { outcome: DeliveryResult["outcome"]; isDone: boolean } {
    const { clock, giveUpAfterMs } = this.#options;
    if (result.result === "refused") waiting.refusedAtMs = clock.monotonicMs();
    if (result.result === "accepted" || isItsFault) return { outcome: result.result, isDone: true };
    const ageMs = clock.now().getTime() - Date.parse(waiting.entry.notification.created_at);
    const triedMs = clock.monotonicMs() - waiting.sinceMs;
    if (ageMs >= giveUpAfterMs && triedMs >= Math.min(triedAtLeastMs, giveUpAfterMs))
      return { outcome: "given_up", isDone: true };
    return { outcome: result.result, isDone: false };
  }

  #stand(result: SendResult): void {
    const { clock, backoff, onHealthChange } = this.#options;
    const atMs = clock.monotonicMs();
    const before = visibleHealth(this.#health, this.#unreached);
    const moment = { now: clock.now(), atMs, chance: Math.random() };
    this.#health = afterAttempt(this.#health, result, backoff, moment);
    this.#unreached = unreachedAfter(this.#unreached, result, moment.now);
    if (result.result === "accepted") this.#acceptedAtMs = atMs;
    onHealthChange(before, visibleHealth(this.#health, this.#unreached));
  }

  async #send(notification: Entry["notification"]): Promise<SendResult> {
    const { channel, deadlineMs } = this.#options;
    const overdue = AbortSignal.timeout(deadlineMs);
    const signal = AbortSignal.any([this.#ended.signal, overdue]);
    const given = new Promise<SendResult>((resolve) => {
      const giveUp = () => {
        const reason = overdue.aborted ? `no answer within ${deadlineMs} ms` : "the process is stopping";
        resolve({ result: "try_again", reason });
      };
      if (signal.aborted) giveUp();
      else signal.addEventListener("abort", giveUp, { once: true });
    });
    try {
      return await Promise.race([channel.send(notification, signal), given]);
    } catch (error) {
      // Only the name: the message of an unexpected error may hold the secret address.
      return { result: "try_again", reason: error instanceof Error ? error.name : "an unknown error" };
    }
  }
}
