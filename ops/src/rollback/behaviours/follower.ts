import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import pg from "pg";
import type { Clock } from "../../core/clock.ts";
import { Failure } from "../../core/failure.ts";
import type { Logger } from "../../core/logger.ts";
import { demandDirectConnection } from "../../database/index.ts";

/** The channel on which a committed swap is announced. */
export const changesChannel = "earlybird_changes";

const askEveryMs = 1_000;
const answersWithinMs = 1_500;
const reconnectMs = 250;

/** So long an answer proves what is applied, counted from when it was asked for. */
export const leaseMs = 3_000;

/** The applied steps as `19,20,21`; null when there are none. */
export interface AppliedSteps {
  steps: string | null;
}

/**
 * Follows which steps are applied, on a connection of its own. What it knows is a lease: it asks at each notification
 * and every second, and what was not confirmed within three seconds is not known any more. A notification alone would
 * prove nothing: on a connection that was cut silently, or through a pooler, none ever comes.
 */
export class Follower {
  readonly #pool: pg.Pool;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #instance = randomUUID();
  readonly #name = `${hostname()} pid ${process.pid}`;
  #client: pg.Client | undefined;
  /** Whether the client may be asked: until it listens, connecting asks its own questions. */
  #listening = false;
  #asking: Promise<void> | undefined;
  #askAgain = false;
  #everySecond: NodeJS.Timeout | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #answer: AppliedSteps | undefined;
  /** Of the answer; none at first. */
  #version = -1;
  #provenUntilMs = Number.NEGATIVE_INFINITY;
  #stopped = false;

  /** @param options `pool` is where to connect; none of its connections is used but once, to recognise a pooler */
  constructor({ pool, log, clock }: { pool: pg.Pool; log: Logger; clock: Clock }) {
    this.#pool = pool;
    this.#log = log;
    this.#clock = clock;
  }

  /** What is applied; undefined while that is not proven. Compares when asked: a timer that stalls prolongs nothing. */
  get applied(): AppliedSteps | undefined {
    return this.#clock.monotonicMs() < this.#provenUntilMs ? this.#answer : undefined;
  }

  /**
   * Resolves when the state is known or has proven unreachable; goes on by itself.
   *
   * @throws Failure EB_DATABASE_POOLED
   */
  async start(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      await this.stop();
      throw error;
    }
    if (this.#stopped) return;
    this.#everySecond = setInterval(() => void this.#ask(), askEveryMs);
    this.#everySecond.unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearInterval(this.#everySecond);
    clearTimeout(this.#reconnect);
    // A question under way ends by itself, within its time limit.
    await this.#asking;
    const client = this.#client;
    if (!client) return;
    // Nobody has to wait for an instance that has ended.
    if (this.#listening) {
      await client.query("select earlybird.unfollow($1)", [this.#instance]).catch(() => undefined);
    }
    this.#lost(client);
  }

  async #connect(): Promise<void> {
    const { options } = this.#pool;
    // The pool hides the password from code that spreads its options.
    const { password } = options;
    const client = new pg.Client({
      ...options,
      ...(password && { password }),
      application_name: "earlybird changes",
      connectionTimeoutMillis: answersWithinMs,
      query_timeout: answersWithinMs,
      keepAlive: true,
      keepAliveInitialDelayMillis: askEveryMs,
    });
    this.#client = client;
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    client.on("notification", () => void this.#ask());
    try {
      await client.connect();
      await demandDirectConnection(client, this.#pool);
      await client.query(`listen ${changesChannel}`);
      if (this.#client !== client || this.#stopped) return;
      this.#listening = true;
      await this.#ask();
    } catch (error) {
      this.#lost(client, error);
      if (error instanceof Failure) throw error;
    }
  }

  /** One question at a time: the last answer is the newest. A notification during one asks for another. */
  async #ask(): Promise<void> {
    this.#askAgain = true;
    this.#asking ??= this.#askWhileAsked().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #askWhileAsked(): Promise<void> {
    while (this.#askAgain) {
      this.#askAgain = false;
      const client = this.#client;
      if (!client || !this.#listening) return;
      const sentMs = this.#clock.monotonicMs();
      try {
        // It notes the version that this instance knows already, not the one that is only on its way.
        const { rows } = await client.query<AppliedSteps & { version: number | string }>(
          "select steps, version from earlybird.follow($1, $2, $3)",
          [this.#instance, this.#name, this.#version],
        );
        if (this.#client !== client || this.#stopped) return;
        const { steps = null, version = 0 } = rows[0] ?? {};
        this.#answer = { steps };
        this.#provenUntilMs = sentMs + leaseMs;
        if (Number(version) !== this.#version) {
          this.#version = Number(version);
          this.#askAgain = true;
        }
      } catch (error) {
        this.#lost(client, error);
        return;
      }
    }
  }

  #lost(client: pg.Client, error?: unknown): void {
    if (this.#client !== client) return;
    this.#client = undefined;
    this.#listening = false;
    this.#provenUntilMs = Number.NEGATIVE_INFINITY;
    // Not `end`, which would wait for a server that has fallen silent.
    (client as unknown as { connection: { stream: { destroy(): void } } }).connection.stream.destroy();
    if (this.#stopped) return;
    this.#log.debug({ err: error }, "the state of the changes cannot be followed; trying again");
    // The error was logged here; only the start gives up.
    this.#reconnect = setTimeout(() => void this.#connect().catch(() => undefined), reconnectMs);
    this.#reconnect.unref();
  }
}
