import type { FastifyInstance, FastifyRequest } from "fastify";
import type { Clock } from "../../core/clock.ts";
import type { Failure } from "../../core/failure.ts";
import { plainName, quotedName } from "../../core/safe-names.ts";
import { failureOf } from "../../http/problems.ts";
import type { LedgerRecord } from "../audit/ledger.ts";
import type { Requester } from "../engine/request.ts";
import type { RollbackManager } from "../manager.ts";
import { RefusalSummary } from "./refusal-summary.ts";

/** A person with a login; the name is shown in operations and the ledger. */
interface Person {
  id: string;
  name: string;
}

export interface AuditRefusalsOptions {
  manager: RollbackManager;
  clock: Clock;
  /** Identifies the requester, or refuses a person who is not an admin. */
  admin: (request: FastifyRequest) => Promise<Person>;
  /** Whether the requester is an operator. */
  mayOperate: (request: FastifyRequest) => Promise<boolean>;
  /** Identifies the requester regardless of permissions; null without a login. */
  whoIs: (request: FastifyRequest) => Promise<Person | null>;
  /** Refuses an admin whose login is too old to move a critical step. If undefined, no login is too old. */
  recentlyAuthenticated?: ((request: FastifyRequest) => Promise<void>) | undefined;
}

declare module "fastify" {
  interface FastifyContextConfig {
    /** The action of this route in the ledger. */
    attempt?: string;
  }
}

/** More refusals of one operator than this are not recorded, so that they cannot fill the ledger. */
const refusalsPerMinute = 30;

/**
 * Admits only admins to the routes of a scope, and records requests that are refused before they reach the engine: those
 * of admins and operators one by one, those of other logins in summaries. Requests without a login are only logged, so
 * that they cannot fill the ledger.
 *
 * @returns a function that identifies the requester; from then on the engine records the result of the request
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
      // The client gets the refusal even if the ledger cannot be written.
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

/** The requester, and whether they are an operator. */
type Asking = Requester & { person: string; isOperator: boolean };

/** A dry run changes nothing: an invalid one is not recorded, one without permission is. */
const isWorthAnEntry = (attempt: string, { status }: Failure) =>
  status < 500 && (attempt !== "dry-run" || status === 403);

const stepsOf = ({ params }: FastifyRequest): number[] => {
  const { step } = params as { step?: string | number };
  return /^\d{1,9}$/.test(String(step)) ? [Number(step)] : [];
};

/** Limits the calls for each person in the current minute. */
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
