import { AsyncLocalStorage } from "node:async_hooks";
import type { FastifyReply } from "fastify";
import type { ApiContext } from "../context.ts";
import { type Claim, holdClaim, storeResults } from "./claims.ts";
import { answerLost, inProgress } from "./refusals.ts";
import type { Seal } from "./seal.ts";

/** The results of the transactions of a request, by their position in it. */
export type Results = ReadonlyMap<number, unknown>;

/** A request that works under a key. */
export interface KeyedWork {
  claim: Claim;
  reply: FastifyReply;
  seal: Seal;
  /** The results that an earlier attempt committed before its process ended: they are returned, not repeated. */
  earlier: Results;
  /** The results committed by this attempt. */
  results: Results;
}

interface Run {
  work: KeyedWork;
  /** The number of transactions started. */
  place: number;
  used: Set<number>;
}

const runs = new AsyncLocalStorage<Run>();

type Transaction = ApiContext["changes"]["transaction"];

/**
 * Lets `changes.transaction` store its result with the key under which a request works, in the same transaction: a
 * crash leaves both or neither. The retry of a request whose answer was lost runs its handler again, finds the result
 * in place of the transaction, and makes the answer from it.
 *
 * All data of the response must therefore be returned by the transaction: a token generated before it would be
 * different in the retry.
 */
export const withStoredResults = (changes: ApiContext["changes"]): ApiContext["changes"] => {
  const transaction: Transaction = async (doWork) => {
    const run = runs.getStore();
    if (!run) return changes.transaction(doWork);
    const { work, used } = run;
    const place = run.place++;
    if (work.earlier.has(place)) {
      used.add(place);
      return work.earlier.get(place) as Awaited<ReturnType<typeof doWork>>;
    }
    const done = await changes.transaction(async (tx, active) => {
      if (!(await holdClaim(tx, work.claim))) throw inProgress(work.reply);
      const result = await doWork(tx, active);
      const results = new Map(work.results).set(place, result);
      await storeResults(tx, work.claim, work.seal.close(work.claim.id, results));
      return { result, results };
    });
    work.results = done.results;
    return done.result;
  };
  return {
    get active() {
      return changes.active;
    },
    transaction,
  };
};

/**
 * Runs a handler under a key.
 *
 * @throws Failure EB_IDEMPOTENCY_ANSWER_LOST where it refuses what an earlier attempt has done: the day for which it
 *   was asked may have passed since
 */
export const runKeyed = async (work: KeyedWork, handle: () => unknown): Promise<unknown> => {
  const run: Run = { work, place: 0, used: new Set() };
  try {
    return await runs.run(run, handle);
  } catch (error) {
    throw [...work.earlier.keys()].every((place) => run.used.has(place)) ? error : answerLost();
  }
};
