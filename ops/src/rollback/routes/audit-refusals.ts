import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../core/clock.ts";
import type { Failure } from "../../core/failure.ts";
import { plainName, quotedName } from "../../core/safe-names.ts";
import { failureOf } from "../../http/problems.ts";
import type { LedgerRecord } from "../audit/ledger.ts";
import type { Requester } from "../engine/request.ts";
import type { RollbackManager } from "../manager.ts";
import { RefusalSummary } from "./refusal-summary.ts";

/** Somebody with a login; the name goes where somebody is named. */
interface Person {
  id: string;
  name: string;
}

export interface AuditRefusalsOptions {
  manager: RollbackManager;
  clock: Clock;
  /** Says who asks, or refuses whoever is not an admin. */
  admin: (request: FastifyRequest) => Promise<Person>;
  /** Whether the one asking may look here, be it not move. */
  mayOperate: (request: FastifyRequest) => Promise<boolean>;
  /** Says who asks, whatever they may do; null for a stranger. */
  whoIs: (request: FastifyRequest) => Promise<Person | null>;
  /** Refuses an admin whose login is too old to move a critical step; left out, no login is. */
  recentlyAuthenticated?: ((request: FastifyRequest) => Promise<void>) | undefined;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a request to this route attempts, in the ledger's words. */
    attempt?: string;
  }
}

/** An operator who is refused more often than this says nothing new, and must not fill the ledger. */
const refusalsPerMinute = 30;

/**
 * Lets only admins through to the routes of a scope, and puts into the ledger what is refused before it
 * comes to the engine, which records the rest: each attempt of an admin or operator on its own, those of other people
 * with a login in summaries. Of a stranger there is but a line in the log: strangers must not be able to fill the
 * ledger, and anybody may be able to get a login.
 *
 * @returns who asks; from then on the engine records what becomes of the request
 */
export const auditRefusals = (
  app: FastifyInstance,
  { manager, clock, admin, mayOperate, whoIs }: AuditRefusalsOptions,
): ((request: FastifyRequest) => Requester) => {
  const asking = new WeakMap<FastifyRequest, Asking>();
  const handedOn = new WeakSet<FastifyRequest>();
  const recordable = atMost(refusalsPerMinute, clock);
  const record = (event: LedgerRecord) => manager.recordEvent(event);
  const summary = new RefusalSummary({ record, clock, log: app.log });
  app.addHook("onClose", () => summary.close());

  const note = (request: FastifyRequest, { id, name }: Person, isOperator: boolean) =>
    asking.set(request, {
      person: id,
      isOperator,
      requestedBy: `${isOperator ? plainName(name) : quotedName(name)} (${id})`,
      origin: `http ${request.ip}`,
    });

  app.addHook("onRequest", async (request) => {
    try {
      note(request, await admin(request), true);
    } catch (error) {
      const person = await whoIs(request);
      if (person) note(request, person, await mayOperate(request));
      throw error;
    }
  });

  app.addHook("onError", async (request, _reply, error) => {
    const { attempt } = request.routeOptions.config;
    if (!attempt || handedOn.has(request)) return;
    const failure = failureOf(error, () => false);
    const { code, detail } = failure;
    const by = asking.get(request);
    if (!by || (by.isOperator && !recordable(by.person))) {
      return request.log.warn({ attempt, code, detail, address: request.ip }, "an attempt was refused");
    }
    if (!isWorthAnEntry(attempt, failure)) return;
    const refused = { ...by, attempt, code };
    if (!by.isOperator && summary.counts(refused)) return;
    const { requestedBy, origin } = by;
    await manager
      .recordRefusal(attempt, stepsOf(request), { requestedBy, origin }, failure)
      // The refusal itself must reach the client, also while the ledger cannot be written.
      .catch((err: unknown) => {
        request.log.error({ err, attempt }, "a refused attempt was not recorded");
        if (!by.isOperator) summary.add(refused);
      });
  });

  return (request) => {
    handedOn.add(request);
    const by = asking.get(request);
    if (!by) throw new Error("a route of this scope was reached without its hook");
    return by;
  };
};

/** Who asks, and whether they have any right here. */
type Asking = Requester & { person: string; isOperator: boolean };

/** A dry run changes nothing: a badly asked one is nobody's business, one without the right is. */
const isWorthAnEntry = (attempt: string, { status }: Failure) =>
  status < 500 && (attempt !== "dry-run" || status === 403);

const stepsOf = ({ params }: FastifyRequest): number[] => {
  const { step } = params as { step?: string | number };
  return /^\d{1,9}$/.test(String(step)) ? [Number(step)] : [];
};

/** Whether a person has been here at most so many times in the current minute. */
const atMost = (times: number, clock: Clock) => {
  let minute = 0;
  const seen = new Map<string, number>();
  return (person: string): boolean => {
    const now = Math.floor(clock.monotonicMs() / 60_000);
    if (now !== minute) seen.clear();
    minute = now;
    const count = (seen.get(person) ?? 0) + 1;
    seen.set(person, count);
    return count <= times;
  };
};
