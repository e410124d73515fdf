import type { Clock } from "../../core/clock.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { createClient, type LiveClient } from "./client.ts";
import { changesBetween, type Identified, type LiveEvent, textOf } from "./event.ts";
import { EventLog } from "./event-log.ts";

/** What the stream reports. All but the operation and the release is read from memory. */
export interface LiveSources {
  health(): object;
  onHealth(listener: () => void): () => void;
  alerts(): readonly Identified[];
  mutes(): readonly Identified[];
  /** The current or last operation, with its progress while it runs; null without any. */
  operation(): Promise<{ operation: object; progress: object | null } | null>;
  /** The newest release; null without any. */
  release(): Promise<object | null>;
  /** The requests since the previous call, by route. */
  slice(): object;
}

interface DebugLog {
  debug(details: object, message: string): void;
}

export interface LiveHubOptions {
  sources: LiveSources;
  clock: Clock;
  log: DebugLog;
  lookEveryMs?: number;
  /** The time after the last client in which a client can resume. */
  lingerMs?: number;
}

interface Watch {
  events: EventLog;
  /** The first operation is read. */
  ready: Promise<void>;
  end: () => void;
}

const readTimeoutMs = 1_000;

/** Looks once for all clients what has changed, and only while there are clients. */
export class LiveHub {
  readonly #sources: LiveSources;
  readonly #clock: Clock;
  readonly #log: DebugLog;
  readonly #lookEveryMs: number;
  readonly #lingerMs: number;
  readonly #clients = new Set<LiveClient>();
  #watch: Watch | undefined;
  #linger: NodeJS.Timeout | undefined;
  #alerts: readonly Identified[] = [];
  #mutes: readonly Identified[] = [];
  #operation: { operation: object; progress: object | null } | null = null;
  #release: object | null = null;

  constructor({ sources, clock, log, lookEveryMs = 1_000, lingerMs = 15_000 }: LiveHubOptions) {
    this.#sources = sources;
    this.#clock = clock;
    this.#log = log;
    this.#lookEveryMs = lookEveryMs;
    this.#lingerMs = lingerMs;
  }

  get size(): number {
    return this.#clients.size;
  }

  /** A client that begins with what it has missed since `lastEventId`, or else with a snapshot. */
  async join(lastEventId: string | undefined): Promise<LiveClient> {
    this.#watch ??= this.#begin();
    const { events, ready } = this.#watch;
    await ready;
    const snapshot = () => textOf({ event: "snapshot", data: this.#state() }, events.lastId);
    const client = createClient(snapshot);
    this.#clients.add(client);
    clearTimeout(this.#linger);
    client.stream.once("close", () => this.#leave(client));
    const missed = lastEventId === undefined ? undefined : events.after(lastEventId);
    for (const text of missed ?? [snapshot()]) client.send(text);
    return client;
  }

  /** The text of a heartbeat. */
  heartbeat(): string {
    return textOf({ event: "heartbeat", data: { server_time: this.#clock.now().toISOString() } });
  }

  /** Ends all streams. */
  close(): void {
    for (const client of [...this.#clients]) client.end();
    this.#stop();
  }

  #state(): object {
    return {
      server_time: this.#clock.now().toISOString(),
      health: this.#sources.health(),
      alerts: this.#alerts,
      mutes: this.#mutes,
      ...(this.#operation ?? { operation: null, progress: null }),
      release: this.#release,
    };
  }

  #begin(): Watch {
    this.#alerts = this.#sources.alerts();
    this.#mutes = this.#sources.mutes();
    this.#sources.slice();
    const ready = Promise.all([this.#readOperation(), this.#readRelease()]).then(([operation, release]) => {
      this.#operation = operation;
      this.#release = release;
    });
    const unwatch = this.#sources.onHealth(() => {
      this.#emit({ event: "health", data: this.#sources.health() });
      this.#emit({ event: "slice", data: this.#sources.slice() });
    });
    let isLooking = false;
    const looks = setInterval(() => {
      if (isLooking) return;
      isLooking = true;
      void this.#look().finally(() => {
        isLooking = false;
      });
    }, this.#lookEveryMs).unref();
    const end = () => {
      clearInterval(looks);
      unwatch();
    };
    return { events: new EventLog(), ready, end };
  }

  async #look(): Promise<void> {
    const [alerts, mutes] = [this.#sources.alerts(), this.#sources.mutes()];
    for (const { change, item } of changesBetween(this.#alerts, alerts))
      this.#emit({ event: "alert", data: { change, alert: item } });
    for (const { change, item } of changesBetween(this.#mutes, mutes))
      this.#emit({ event: "mute", data: { change, mute: item } });
    [this.#alerts, this.#mutes] = [alerts, mutes];
    // Before the operation, which may wait for the database.
    await this.#lookAtRelease();
    const [before, now] = [this.#operation, await this.#readOperation()];
    this.#operation = now;
    if (!now) return;
    if (isDifferent(before?.operation, now.operation))
      this.#emit({ event: "operation", data: now.operation });
    if (now.progress && isDifferent(before?.progress, now.progress))
      this.#emit({ event: "progress", data: now.progress });
  }

  /** While the database is unavailable, the operation stays as it was last known. */
  async #readOperation(): Promise<{ operation: object; progress: object | null } | null> {
    try {
      return await withTimeout(readTimeoutMs, this.#sources.operation());
    } catch (error) {
      this.#log.debug({ err: error }, "the operation could not be read for the live stream");
      return this.#operation;
    }
  }

  async #lookAtRelease(): Promise<void> {
    const [before, now] = [this.#release, await this.#readRelease()];
    this.#release = now;
    if (now && isDifferent(before, now)) this.#emit({ event: "release", data: now });
  }

  /** A release that cannot be read stays as it was last known. */
  async #readRelease(): Promise<object | null> {
    try {
      return await withTimeout(readTimeoutMs, this.#sources.release());
    } catch (error) {
      this.#log.debug({ err: error }, "the release could not be read for the live stream");
      return this.#release;
    }
  }

  #emit(event: LiveEvent): void {
    const text = this.#watch?.events.add((id) => textOf(event, id));
    if (text === undefined) return;
    for (const client of this.#clients) client.send(text);
  }

  #leave(client: LiveClient): void {
    this.#clients.delete(client);
    if (this.#clients.size > 0) return;
    clearTimeout(this.#linger);
    this.#linger = setTimeout(() => this.#stop(), this.#lingerMs).unref();
  }

  #stop(): void {
    clearTimeout(this.#linger);
    this.#operation = null;
    this.#release = null;
    this.#watch?.end();
    this.#watch = undefined;
  }
}

const isDifferent = (one: unknown, other: unknown): boolean => JSON.stringify(one) !== JSON.stringify(other);
