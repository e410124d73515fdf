import type { FastifyInstance, FastifyRequest } from "fastify";
import { access, isExposedByStep24, rolesOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { findLogin, type Login, requireLink } from "./login.ts";
import { forbidden, unauthenticated } from "./refusals.ts";
import { readToken } from "./tokens.ts";
import { recordUncheckedWrites } from "./unchecked-writes.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is asking; null on public routes. */
    login: Login | null;
  }
}

/**
 * Puts the rule of `access` in front of every route that is registered after it in the same scope.
 *
 * While step 24 is rolled back any valid login passes on the routes that it governs; nobody passes without one.
 */
export const guardRoutes = (app: FastifyInstance, context: ApiContext): void => {
  app.addHook("onRoute", (route) => {
    const method = route.method === "HEAD" ? "GET" : String(route.method);
    const rule = access[`${method} ${route.url}`];
    if (rule === undefined) throw new Error(`${method} ${route.url} has no rule in access.ts`);
    const schema = route.schema ?? {};
    const allowed = rolesOf(rule);
    route.schema = { ...schema, security: allowed === null ? [] : [{ bearer: [] }] };
    if (allowed === null) return;
    const exposed = isExposedByStep24(rule);
    route.schema.description = `${schema.description ?? ""} Roles: ${allowed.join(", ")}.`.trimStart();
    const check = async (request: FastifyRequest) => {
      const login = await authenticate(app, context, request);
      // Before what may refuse: whoever is refused shall be known.
      request.login = login;
      requireLink(login);
      const checked = !exposed || context.changes.active.has("role-checks");
      if (checked && !allowed.includes(login.role)) throw forbidden(login.role);
    };
    route.onRequest = [...[route.onRequest ?? []].flat(), check];
    if (exposed && method !== "GET") recordUncheckedWrites(route, context, allowed);
  });
};

/**
 * Who is asking. The user is read for each request, so that a deactivated user's token stops working and a
 * changed role counts at once.
 *
 * @throws Failure EB_UNAUTHENTICATED
 */
const authenticate = async (
  app: FastifyInstance,
  context: ApiContext,
  request: FastifyRequest,
): Promise<Login> => {
  const login = await loginBehind(app, context, request);
  if (!login) throw unauthenticated();
  return login;
};

const loginBehind = async (
  app: FastifyInstance,
  { db, clock }: ApiContext,
  request: FastifyRequest,
): Promise<Login | undefined> => {
  const userId = readToken(app, clock, request.headers.authorization);
  return userId === undefined ? undefined : findLogin(db, userId);
};

/** Who is asking, whatever they may do; null for a stranger. */
export const whoIs =
  (app: FastifyInstance, context: ApiContext) =>
  async (request: FastifyRequest): Promise<{ id: string; name: string } | null> => {
    const login = request.login ?? (await loginBehind(app, context, request));
    return login ? { id: login.id, name: login.name } : null;
  };

/** Who is asking, on a route that is not public. */
export const loginOf = (request: FastifyRequest): Login => {
  if (!request.login) throw unauthenticated();
  return request.login;
};
