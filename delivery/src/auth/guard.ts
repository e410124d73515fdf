import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { access, isExposedByStep24, rolesOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { findLogin, requireLink, type SignedIn } from "./login.ts";
import { enrolmentNeeded, forbidden, tokenExpired, unauthenticated } from "./refusals.ts";
import { recordUncheckedWrites } from "./rights/unchecked-writes.ts";
import { readToken } from "./tokens.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is asking; null on public routes. */
    login: SignedIn | null;
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
    route.onRequest = [...[route.onRequest ?? []].flat(), keepFromCaches];
    if (allowed === null) return;
    const exposed = isExposedByStep24(rule);
    route.schema.description = `${schema.description ?? ""} Roles: ${allowed.join(", ")}.`.trimStart();
    const check = async (request: FastifyRequest) => {
      const login = await authenticate(app, context, request);
      // Before what may refuse: whoever is refused shall be known.
      request.login = login;
      if (needsEnrolment(context, login) && !route.url.startsWith("/api/auth/")) throw enrolmentNeeded();
      requireLink(login);
      const checked = !exposed || context.changes.active.has("role-checks");
      if (checked && !allowed.includes(login.role)) throw forbidden(login.role);
    };
    route.onRequest.push(check);
    if (exposed && method !== "GET") recordUncheckedWrites(route, context, allowed);
  });
};

/** Tokens and personal data are nobody's to keep. */
const keepFromCaches = async (_request: FastifyRequest, reply: FastifyReply) => {
  reply.header("cache-control", "no-store");
};

/**
 * Who is asking. The user is read for each request, so that a deactivated user's token stops working and a
 * changed role counts at once.
 *
 * @throws Failure EB_UNAUTHENTICATED, EB_TOKEN_EXPIRED
 */
const authenticate = async (
  app: FastifyInstance,
  context: ApiContext,
  request: FastifyRequest,
): Promise<SignedIn> => {
  const login = await loginBehind(app, context, request);
  if (!login) throw unauthenticated();
  return login;
};

const loginBehind = async (
  app: FastifyInstance,
  { db, clock }: ApiContext,
  request: FastifyRequest,
): Promise<SignedIn | undefined> => {
  const token = readToken(app, clock, request.headers.authorization);
  if (!token) return undefined;
  if (token.expired) throw tokenExpired();
  return findLogin(db, token.sessionId, clock.now());
};

const strangerIfExpired = (error: unknown): undefined => {
  if ((error as { code?: string }).code !== "EB_TOKEN_EXPIRED") throw error;
  return undefined;
};

/** Who is asking, whatever they may do; null for a stranger. */
export const whoIs =
  (app: FastifyInstance, context: ApiContext) =>
  async (request: FastifyRequest): Promise<{ id: string; name: string } | null> => {
    const login = request.login ?? (await loginBehind(app, context, request).catch(strangerIfExpired));
    return login ? { id: login.id, name: login.name } : null;
  };

/** Whether an admin must set up a second factor before anything else. */
export const needsEnrolment = (
  { adminsNeedTotp }: Pick<ApiContext, "adminsNeedTotp">,
  { role, hasTotp }: SignedIn,
): boolean => adminsNeedTotp === true && role === "admin" && !hasTotp;

/** Who is asking, on a route that is not public. */
export const loginOf = (request: FastifyRequest): SignedIn => {
  if (!request.login) throw unauthenticated();
  return request.login;
};
