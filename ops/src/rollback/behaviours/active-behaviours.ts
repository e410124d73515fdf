import type { Kysely } from "kysely";
import pLimit, { type LimitFunction } from "p-limit";
import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Logger } from "../../core/logger.ts";
import { kyselyOn } from "../../database/bound-kysely.ts";
import type { Change } from "../change/change.ts";
import { registerChanges } from "../change/define-change.ts";
import { type AppliedSteps, Follower } from "./follower.ts";

/** Which behaviours are on. */
export interface ActiveBehaviours {
  has(behaviour: string): boolean;
}

const connectionsForReads = 3;

/** While a step moves, its writers wait: not all of them on a connection, or nobody could read any more. */
const limitWriters = (connections: number): LimitFunction =>
  pLimit(Math.max(1, connections - connectionsForReads));

const hold = "select earlybird.hold_steps() as steps";

/** Under another isolation level the rules that are read could be those from before the wait for them. */
const begin = `begin isolation level read committed read write; ${hold}`;

/** Anything that runs SQL on one connection inside a transaction: a client of `pg`, or what an ORM offers. */
export interface HoldingClient {
  query(text: string): Promise<{ rows: unknown[] }>;
}

const notInTransaction = defineFailure({
  code: "EB_NOT_IN_TRANSACTION",
  status: 500,
  detail: "hold was called outside a transaction.",
  remedy: "Begin a transaction on the same connection first.",
});

const isolationLevelUnfit = defineFailure({
  code: "EB_ISOLATION_LEVEL",
  status: 500,
  detail: "hold requires the isolation level read committed; other levels could read outdated rules.",
  remedy: "Begin the transaction with: begin isolation level read committed.",
});

/**
 * What the service asks about its changes: which behaviours are on, for reads from a cached set, for
 * writes inside a transaction that no swap can overtake.
 */
export class Changes<Tables> {
  readonly #changes: readonly Change[];
  readonly #pool: pg.Pool;
  readonly #writers: LimitFunction;
  /** Made once for each set of applied steps that was met. */
  readonly #byApplied = new Map<string, ActiveBehaviours>();
  readonly #follower: Follower;

  /** @param options `direct` is a way to the database itself, where `pool` goes through a pooler */
  constructor(options: {
    changes: readonly Change[];
    pool: pg.Pool;
    direct?: pg.Pool | undefined;
    log: Logger;
    clock?: Clock;
  }) {
    const { pool, direct = pool, log, clock = systemClock } = options;
    this.#changes = registerChanges(options.changes);
    this.#pool = pool;
    this.#writers = limitWriters(pool.options.max);
    this.#follower = new Follower({ pool: direct, log, clock });
  }

  /**
   * Begins to follow the state of the steps; resolves when it is known or has proven unreachable.
   *
   * @throws Failure EB_DATABASE_POOLED where that way goes through a pooler
   */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  /**
   * The behaviours that are on: at most 100 ms old as a rule, and never more than three seconds. While that is not proven
   * (the database is away, or silent), all are on: a check too many is refused and tried again, a check too few lets
   * somebody in.
   */
  get active(): ActiveBehaviours {
    const applied = this.#follower.applied;
    return applied ? this.#behavioursOf(applied) : everything;
  }

  /**
   * Runs a write of the service under rules that hold until it has committed: `active` is what is on, and
   * no step is rolled back or re-applied before `work` is through.
   *
   * A statement that the connection prepared before a swap can fail after it, where it selects `*`: `work` then begins
   * again, on another connection.
   *
   * @param work gets a Kysely inside the transaction; what it returns is returned, what it throws aborts
   */
  transaction<T>(work: (tx: Kysely<Tables>, active: ActiveBehaviours) => Promise<T>): Promise<T> {
    return this.#writers(async () => {
      // Each time ends a connection with plans from before, of which there are no more than the pool has.
      for (let left = this.#pool.options.max; ; left--) {
        try {
          return await this.#transact(work);
        } catch (error) {
          if (!isStalePlan(error) || left === 0) throw error;
        }
      }
    });
  }

  /**
   * The same for a transaction that the caller has begun, with any client or ORM: from here to its end `active` holds.
   *
   * @throws Failure EB_NOT_IN_TRANSACTION, EB_ISOLATION_LEVEL
   */
  async hold(client: HoldingClient): Promise<ActiveBehaviours> {
    // The lock lasts as long as its transaction: a second statement finds it only where both are in the same.
    const held = await client.query(hold).catch((error: unknown) => {
      throw (error as { code?: unknown }).code === "25001" ? isolationLevelUnfit() : error;
    });
    const { rows } = await client.query("select earlybird.holds_steps() as holds");
    if (!(rows[0] as { holds: boolean } | undefined)?.holds) throw notInTransaction();
    return this.#behavioursOf(held.rows[0] as AppliedSteps);
  }

  async #transact<T>(work: (tx: Kysely<Tables>, active: ActiveBehaviours) => Promise<T>): Promise<T> {
    const client = await this.#pool.connect();
    const tx = kyselyOn<Tables>(client);
    let broken: Error | undefined;
    try {
      const results = (await client.query(begin)) as unknown as pg.QueryResult<AppliedSteps>[];
      const active = this.#behavioursOf(results.at(-1)?.rows[0]);
      const result = await work(tx, active);
      await client.query("commit");
      return result;
    } catch (error) {
      await client.query("rollback").catch((failed: Error) => {
        broken = failed;
      });
      if (isStalePlan(error)) broken = error;
      throw error;
    } finally {
      client.release(broken);
    }
  }

  #behavioursOf({ steps: applied }: AppliedSteps = { steps: null }): ActiveBehaviours {
    const key = applied ?? "";
    const known = this.#byApplied.get(key);
    if (known) return known;
    const steps = key.split(",").map(Number);
    const names = this.#changes
      .filter(({ step }) => steps.includes(step))
      .flatMap(({ parts }) => parts.flatMap(({ behaviours }) => behaviours));
    const behaviours = new Set(names);
    this.#byApplied.set(key, behaviours);
    return behaviours;
  }
}

/** A prepared statement whose columns have changed, as `select *` after a swap. */
const isStalePlan = (error: unknown): error is Error =>
  error instanceof Error &&
  (error as { code?: unknown }).code === "0A000" &&
  (error as { routine?: unknown }).routine === "RevalidateCachedQuery";

const everything: ActiveBehaviours = { has: () => true };
