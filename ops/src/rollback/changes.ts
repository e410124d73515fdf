import type { Kysely } from "kysely";
import pLimit, { type LimitFunction } from "p-limit";
import pg from "pg";
import type { Logger } from "../lib/log.ts";
import { kyselyOn } from "../lib/sql.ts";
import { type Change, registerChanges } from "./change.ts";

/** Which behaviours are on. */
export interface ActiveBehaviours {
  has(behaviour: string): boolean;
}

/** The channel on which a committed swap is announced. */
export const changesChannel = "earlybird_changes";

const reconnectMs = 250;

const connectionsForReads = 3;

/** While a step moves, its writers wait: not all of them on a connection, or nobody could read any more. */
const limitWriters = (connections: number): LimitFunction =>
  pLimit(Math.max(1, connections - connectionsForReads));

/** The applied steps as `19,20,21`; null when there are none. */
interface AppliedSteps {
  steps: string | null;
}

const begin = "begin; select earlybird.hold_steps() as steps";

/**
 * What the service asks about its changes: which behaviours are on, for reads from a cached set, for
 * writes inside a transaction that no swap can overtake.
 */
export class Changes<Tables> {
  readonly #changes: readonly Change[];
  readonly #pool: pg.Pool;
  readonly #log: Logger;
  readonly #writers: LimitFunction;
  /** Made once for each set of applied steps that was met. */
  readonly #byApplied = new Map<string, ActiveBehaviours>();
  #listener: pg.Client | undefined;
  #reconnect: NodeJS.Timeout | undefined;
  #known: ActiveBehaviours | undefined;
  #stopped = false;

  constructor(options: { changes: readonly Change[]; pool: pg.Pool; log: Logger }) {
    this.#changes = registerChanges(options.changes);
    this.#pool = options.pool;
    this.#log = options.log;
    this.#writers = limitWriters(this.#pool.options.max);
  }

  /** Begins to follow the state of the steps; resolves when it is known or has proven unreachable. */
  async start(): Promise<void> {
    await this.#listen();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#reconnect);
    await this.#listener?.end().catch(() => undefined);
  }

  /**
   * The behaviours that are on, at most 100 ms old. While that is unknown (the database is away), all are
   * on: a check too many is refused and tried again, a check too few lets somebody in.
   */
  get active(): ActiveBehaviours {
    return this.#known ?? everything;
  }

  /**
   * Runs a write of the service under rules that hold until it has committed: `active` is what is on, and
   * no step is rolled back or re-applied before `work` is through.
   *
   * @param work gets a Kysely inside the transaction; what it returns is returned, what it throws aborts
   */
  transaction<T>(work: (tx: Kysely<Tables>, active: ActiveBehaviours) => Promise<T>): Promise<T> {
    return this.#writers(() => this.#transact(work));
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

  async #listen(): Promise<void> {
    const { options } = this.#pool;
    // The pool hides the password from whoever spreads its options.
    const { password } = options;
    const listener = new pg.Client({
      ...options,
      ...(password && { password }),
      application_name: "earlybird changes",
    });
    const lost = () => {
      if (this.#listener !== listener) return;
      this.#listener = undefined;
      this.#known = undefined;
      if (this.#stopped) return;
      this.#reconnect = setTimeout(() => void this.#listen(), reconnectMs);
      this.#reconnect.unref();
    };
    this.#listener = listener;
    listener.on("error", lost);
    listener.on("end", lost);
    // One after the other: a connection asks one thing at a time, and the last answer is the newest.
    let refreshed = Promise.resolve();
    listener.on("notification", () => {
      refreshed = refreshed.then(() => this.#refresh(listener)).catch(lost);
    });
    try {
      await listener.connect();
      await listener.query(`listen ${changesChannel}`);
      await this.#refresh(listener);
    } catch (error) {
      this.#log.debug({ err: error }, "the state of the changes cannot be followed; trying again");
      await listener.end().catch(() => undefined);
      lost();
    }
  }

  async #refresh(listener: pg.Client): Promise<void> {
    const { rows } = await listener.query<AppliedSteps>("select steps from earlybird.applied_steps");
    if (this.#listener === listener) this.#known = this.#behavioursOf(rows[0]);
  }
}

const everything: ActiveBehaviours = { has: () => true };
