import { LRUCache } from "lru-cache";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { keyOfChannel } from "../model/channel-alert.ts";
import type {
  Attempt,
  ChannelStatus,
  Dispatcher,
  Notification,
  QueuedNotification,
} from "../model/notification.ts";
import type { Backoff } from "./backoff.ts";
import type { Channel } from "./channel.ts";
import type { VisibleHealth } from "./channel-health.ts";
import { type ChannelTest, testChannels } from "./channel-test.ts";
import { ChannelWorker } from "./channel-worker.ts";
import { attemptOf, type DeliveryResult } from "./delivery-result.ts";
import { logChannel } from "./log-channel.ts";
import type { Entry } from "./outbox/entry.ts";
import { Spool } from "./outbox/spool.ts";
import { type Router, toAllChannels } from "./routing.ts";

export interface DispatcherOptions {
  /** The channels besides the log. */
  channels: readonly Channel[];
  /** The directory of undelivered notifications; created if it does not exist. */
  spoolDir: string;
  log: Logger;
  clock?: Clock;
  /** Called when a channel is broken. The alert about it is sent through the other channels. */
  onBroken?: (channel: string, reason: string) => void;
  /** Called when a channel accepts for the first time, and again each time after it was broken. */
  onRecovered?: (channel: string) => void;
  /** The channels of each alert; by default all. The log gets every alert. */
  router?: Router;
  /** Called when notifications can no longer be written to disk, and when they can be again. */
  onDiskFailed?: (reason: string) => void;
  onDiskRecovered?: () => void;
  backoff?: Backoff;
  /** The timeout of an attempt. */
  deadlineMs?: number;
  /** How long channels that people read collect the alerts of one type after the first. */
  groupWindowMs?: number;
  giveUpAfterMs?: number;
}

const patient: Backoff = { firstMs: 1_000, longestMs: 5 * 60_000 };
const dayMs = 24 * 60 * 60_000;
const maintenanceIntervalMs = 60_000;
/** A hanging disk must not block notifications. */
const diskTimeoutMs = 2_000;

/** Far more than are sent between two saves of the state. */
const mostKnown = 10_000;

/**
 * Delivers notifications. Each is on disk first, and stays there until every channel accepted it or it expired after
 * a day.
 */
export class NotificationDispatcher implements Dispatcher {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #spool: Spool;
  readonly #workers: ReadonlyMap<string, ChannelWorker>;
  readonly #giveUpAfterMs: number;
  readonly #router: Router;
  readonly #onBroken: (channel: string, reason: string) => void;
  readonly #onRecovered: (channel: string) => void;
  readonly #listeners = new Set<(attempt: Attempt) => void>();
  readonly #beforeSendingListeners = new Set<
    (notifications: readonly QueuedNotification[]) => Promise<void>
  >();
  /** The ids of the last accepted notifications. */
  readonly #known = new LRUCache<string, true>({ max: mostKnown });
  /** Channels that are broken, or may have been before this process started. */
  readonly #unconfirmed: Set<string>;
  /** Entries for channels that are no longer configured. */
  readonly #stray = new Set<Entry>();
  #maintaining: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: DispatcherOptions) {
    const { channels, spoolDir, log, clock = systemClock } = options;
    const { backoff = patient, deadlineMs = 30_000, giveUpAfterMs = dayMs } = options;
    const { groupWindowMs = 10_000, router = toAllChannels } = options;
    this.#log = log;
    this.#clock = clock;
    this.#giveUpAfterMs = giveUpAfterMs;
    this.#onBroken = options.onBroken ?? (() => {});
    this.#onRecovered = options.onRecovered ?? (() => {});
    this.#router = router;
    this.#spool = new Spool({
      directory: spoolDir,
      log,
      clock,
      onFailed: (reason) => this.#tell(() => options.onDiskFailed?.(reason)),
      onRecovered: () => this.#tell(() => options.onDiskRecovered?.()),
    });
    this.#unconfirmed = new Set(channels.map(({ name }) => name));
    const common = { log, clock, backoff, deadlineMs, giveUpAfterMs, groupWindowMs };
    this.#workers = new Map(
      [logChannel(log), ...channels].map((channel) => [
        channel.name,
        new ChannelWorker({
          ...common,
          channel,
          onResult: (outcome) => this.#record(outcome),
          onHealthChange: (before, after) => this.#followHealth(channel.name, before, after),
        }),
      ]),
    );
  }

  /** Delivers the notifications of earlier processes, now and every minute. Never rejects. */
  async start(): Promise<void> {
    this.#timer ??= setInterval(() => void this.#maintain(), maintenanceIntervalMs).unref();
    await this.#maintain();
  }

  async dispatch(notification: Notification): Promise<void> {
    // An earlier process may have left the same notification.
    if (this.#maintaining) await withTimeout(diskTimeoutMs, this.#maintaining).catch(() => undefined);
    if (!this.#isFirst(notification)) return;
    const pending = this.#channelsFor(notification).map((name) => [name, { attempts: 0 }]);
    const entry: Entry = { notification, pending: Object.fromEntries(pending) };
    await this.#spool.save(entry);
    await this.#hand([entry]);
  }

  onAttempt(listener: (attempt: Attempt) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  beforeSending(listener: (notifications: readonly QueuedNotification[]) => Promise<void>): () => void {
    this.#beforeSendingListeners.add(listener);
    return () => this.#beforeSendingListeners.delete(listener);
  }

  channels(): ChannelStatus[] {
    return [...this.#workers.values()].map(({ status }) => status);
  }

  /**
   * Sends a test once, to one channel or to all, and returns the results. It also works before the start; nothing is
   * stored.
   *
   * @param message instead of the sentence that it is a test
   * @throws Failure EB_NO_SUCH_CHANNEL
   */
  async test(channel?: string, message?: string): Promise<ChannelTest[]> {
    return testChannels(this.#workers, channel, this.#clock, message);
  }

  /** Delivers due notifications for at most `graceMs`; the rest stays in the spool for the next process. */
  async stop(graceMs = 2_000): Promise<void> {
    clearInterval(this.#timer);
    if (this.#maintaining) await withTimeout(diskTimeoutMs, this.#maintaining).catch(() => undefined);
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(graceMs)));
    await this.#spool.close();
  }

  #maintain(): Promise<void> {
    this.#maintaining ??= this.#deliverLeft().finally(() => {
      this.#maintaining = undefined;
    });
    return this.#maintaining;
  }

  async #deliverLeft(): Promise<void> {
    const left: Entry[] = [];
    for (const entry of await this.#spool.maintain()) {
      if (this.#isFirst(entry.notification)) left.push(entry);
      else await this.#drop(entry);
    }
    if (left.length > 0) {
      this.#log.info({ notifications: left.length }, "delivering notifications that an earlier process left");
      await this.#hand(left);
    }
    await this.#giveUpStray();
  }

  /** Those of its route, and those that know about the alert: they learn what becomes of it. */
  #channelsFor({ alert, notified = [] }: Notification): string[] {
    const routed = this.#router(alert);
    return [...this.#workers.keys()].filter((name) => {
      if (keyOfChannel(name) === alert.key) return false;
      return name === "log" || !routed || routed.includes(name) || notified.includes(name);
    });
  }

  #isFirst({ id }: Notification): boolean {
    if (this.#known.has(id)) return false;
    this.#known.set(id, true);
    return true;
  }

  /** Its process died before it could record it as sent, and this one has sent it since. */
  async #drop(entry: Entry): Promise<void> {
    for (const channel of Object.keys(entry.pending)) delete entry.pending[channel];
    await this.#spool.save(entry);
  }

  async #hand(entries: readonly Entry[]): Promise<void> {
    const notifications = entries.map(({ notification, pending }) => ({
      ...notification,
      channels: Object.keys(pending),
    }));
    for (const listener of this.#beforeSendingListeners)
      await listener(notifications).catch((error) => this.#failed(error));
    for (const entry of entries) {
      for (const [name, { attempts }] of Object.entries(entry.pending)) {
        const worker = this.#workers.get(name);
        if (worker) worker.add(entry, attempts);
        else this.#stray.add(entry);
      }
    }
  }

  /** The channel may be configured again within a day. */
  async #giveUpStray(): Promise<void> {
    const now = this.#clock.now();
    for (const entry of this.#stray) {
      if (now.getTime() - Date.parse(entry.notification.created_at) < this.#giveUpAfterMs) continue;
      this.#stray.delete(entry);
      const answer = "the channel is no longer configured";
      const settled = { entry, at: now, tookMs: 0, outcome: "given_up", answer, nextAt: null } as const;
      for (const [channel, { attempts }] of Object.entries(entry.pending)) {
        if (!this.#workers.has(channel)) await this.#record({ ...settled, channel, attempt: attempts });
      }
    }
  }

  async #record(outcome: DeliveryResult): Promise<void> {
    const { entry, channel, nextAt } = outcome;
    if (nextAt) entry.pending[channel] = { attempts: outcome.attempt };
    else delete entry.pending[channel];
    await this.#spool.save(entry);
    const attempt = attemptOf(outcome);
    const isWell = outcome.nextAt !== null || outcome.outcome === "accepted";
    if (isWell) this.#log.debug(attempt, "an attempt to deliver a notification");
    else this.#log.error(attempt, "a notification could not be delivered");
    for (const listener of this.#listeners) this.#tell(() => listener(attempt));
  }

  #followHealth(channel: string, before: VisibleHealth, after: VisibleHealth): void {
    if (after.state === "working" && this.#unconfirmed.delete(channel))
      this.#tell(() => this.#onRecovered(channel));
    if (before.state === after.state) return;
    if (after.state === "working") {
      this.#log.info({ channel }, `the channel ${channel} works again`);
      return;
    }
    const { reason } = after;
    const say = after.state === "broken" ? "error" : "warn";
    this.#log[say]({ channel, reason }, `the channel ${channel} is ${after.state}`);
    if (after.state !== "broken") return;
    this.#unconfirmed.add(channel);
    this.#tell(() => this.#onBroken(channel, reason));
  }

  /** An error in a listener does not stop delivery. */
  #tell(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#log.error({ err: error }, "a listener of the notifications failed");
  }
}
