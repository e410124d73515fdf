import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import { Failure } from "@earlybird-ops/platform/service";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";
import { idStyles, ids } from "./identifiers.ts";
import { idsOf, replaceIds } from "./request-ids.ts";

const prefixes = {
  now: Object.values(idStyles).map(({ now }) => now),
  before: Object.values(idStyles).map(({ before }) => before),
};

type Outcome = { answer: unknown } | { error: unknown };

/** More than one rewrite of ids during a request is not expected. */
const mostRepeats = 2;

/**
 * Lets every route that is registered after it in the same scope accept ids of either style (step 29), in path, query,
 * cursor and body, whichever style is current.
 *
 * Ids of the other style are replaced before the handler runs, by one query for each table. A rewrite can be committed
 * between that and the handler's queries. The handler then finds nothing by its ids, returns an error or an empty list,
 * and has written nothing, because writes look up their rows within `changes.transaction`. Before such a response is sent,
 * the ids are looked up again; if they have been rewritten, the handler runs again with the current ids.
 */
export const acceptEitherStyle = (app: FastifyInstance, { db, changes }: ApiContext): void => {
  app.addHook("onRoute", (route) => {
    const handle = route.handler;
    route.handler = async function (request, reply) {
      await translate(db, request, otherStyle(changes.active));
      for (let repeats = 0; ; repeats += 1) {
        const outcome = await outcomeOf(() => handle.call(this, request, reply));
        const given =
          !mayHaveMissed(outcome, request) ||
          repeats === mostRepeats ||
          !(await translate(db, request, anyStyle));
        if (!given) continue;
        if ("error" in outcome) throw outcome.error;
        return outcome.answer;
      }
    };
  });
};

const otherStyle = (active: ActiveBehaviours): readonly string[] =>
  active.has("uuid-ids") ? prefixes.before : prefixes.now;

const anyStyle = [...prefixes.now, ...prefixes.before];

/** Replaces outdated ids with these prefixes; returns whether there were any. */
const translate = async (
  db: DeliveryDatabase,
  request: FastifyRequest,
  beginnings: readonly string[],
): Promise<boolean> => {
  const asked = [...idsOf(request)].filter((id) => beginnings.some((beginning) => id.startsWith(beginning)));
  if (asked.length === 0) return false;
  const current = await ids.resolve(db, asked);
  if (current.size > 0) replaceIds(request, current);
  return current.size > 0;
};

const outcomeOf = async (work: () => unknown): Promise<Outcome> => {
  try {
    return { answer: await work() };
  } catch (error) {
    return { error };
  }
};

const foreignKeyViolation = "23503";

/** Whether outdated ids can be the reason for this outcome. */
const mayHaveMissed = (outcome: Outcome, request: FastifyRequest): boolean => {
  if ("error" in outcome) {
    const { error } = outcome;
    return error instanceof Failure
      ? error.status < 500
      : (error as { code?: unknown }).code === foreignKeyViolation;
  }
  const { items } = (outcome.answer ?? {}) as { items?: unknown };
  const { cursor } = request.query as { cursor?: unknown };
  return (Array.isArray(items) && items.length === 0) || cursor !== undefined;
};
