import type { FastifyRequest, RouteOptions } from "fastify";
import { sql } from "kysely";
import type { ApiContext } from "../../context.ts";
import type { Role } from "../../database.ts";
import type { Login } from "../login.ts";
import { forbidden } from "../refusals.ts";

/** The maximum per login and route; beyond it, all writes of the login need a review. */
const mostListed = 1_000;

interface Answer {
  id?: unknown;
  customer_id?: unknown;
}

/**
 * Records writes through a route that step 24 would refuse, while it is rolled back: by roles that the rule excludes, and by
 * customers for other customers. Re-applying the step lists them; see `reportUncheckedWrites`.
 *
 * The entry is inserted before the handler runs, in a transaction that reads the state of the step. So a re-apply either
 * refuses the request or finds its entry.
 */
export const recordUncheckedWrites = (
  route: RouteOptions,
  { db, changes, clock }: ApiContext,
  allowed: readonly Role[],
): void => {
  const name = `${route.method} ${route.url}`;
  const entries = new WeakMap<FastifyRequest, number>();

  const begin = async (request: FastifyRequest) => {
    const { login } = request;
    if (!login) return;
    const mayAnyway = allowed.includes(login.role);
    if (mayAnyway && (login.role !== "customer" || changes.active.has("role-checks"))) return;
    const { rows } = await changes.transaction((tx, active) => {
      if (!mayAnyway && active.has("role-checks")) throw forbidden({ role: login.role }, { step: 24 });
      return sql<{ id: number }>`
        insert into unchecked_writes (at, user_id, role, route)
        select ${clock.now()}, ${login.id}, ${login.role}, ${name}
        where ${mostListed} > (
          select count(*) from unchecked_writes where user_id = ${login.id} and route = ${name} and not reported)
        returning id`.execute(tx);
    });
    if (rows[0]) entries.set(request, rows[0].id);
  };

  const end = async (request: FastifyRequest, reply: { statusCode: number }, payload: unknown) => {
    const id = entries.get(request);
    if (id === undefined) return payload;
    const answer = readAnswer(payload);
    const { login } = request;
    const refused = reply.statusCode >= 400;
    const own = login !== null && allowed.includes(login.role) && isOwn(request, login, answer);
    const target = typeof answer.id === "string" ? answer.id : request.url.split("?")[0];
    const finish =
      refused || own
        ? sql`delete from unchecked_writes where id = ${id}`
        : sql`update unchecked_writes set status = ${reply.statusCode}, target = ${target} where id = ${id}`;
    // The write is committed: an unfinished entry is more useful than an error.
    await finish.execute(db).catch((error: unknown) => request.log.warn({ err: error }, "unchecked write"));
    return payload;
  };

  route.preHandler = [...[route.preHandler ?? []].flat(), begin];
  route.onSend = [...[route.onSend ?? []].flat(), end];
};

const readAnswer = (payload: unknown): Answer => {
  if (typeof payload !== "string") return {};
  try {
    return JSON.parse(payload) ?? {};
  } catch {
    return {};
  }
};

/** Whether a customer wrote for themselves. Without a customer in request or response, the write is their own. */
const isOwn = (request: FastifyRequest, login: Login, answer: Answer): boolean => {
  const body = (request.body ?? {}) as Answer;
  const customers = request.routeOptions.url?.startsWith("/api/customers");
  const written = customers ? answer.id : (answer.customer_id ?? body.customer_id);
  return written === undefined || written === login.customer_id;
};
