import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { access, isExposedByStep24, rolesOf } from "../access.ts";
import type { ApiContext } from "../context.ts";
import { findLogin, requireLink, type SignedIn } from "./login.ts";
import { enrolmentNeeded, forbidden, tokenExpired, unauthenticated } from "./refusals.ts";
import { recordUncheckedWrites } from "./rights/unchecked-writes.ts";
import { readToken } from "./tokens.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The login of the request; null on public routes. */
    login: SignedIn | null;
  }
}

/**
 * Enforces the rule of `access` on every route that is registered after it in the same scope.
 *
 * While step 24 is rolled back, any valid login has access to the routes that it governs; a login is always required.
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
      // Set before the checks, so that a refusal can be attributed to the login.
      request.login = login;
      if (needsEnrolment(context, login) && !route.url.startsWith("/api/auth/")) throw enrolmentNeeded();
      requireLink(login);
      const checked = !exposed || context.changes.active.has("role-checks");
      if (checked && !allowed.includes(login.role))
        throw forbidden({ role: login.role }, exposed ? { step: 24 } : {});
    };
    route.onRequest.push(check);
    if (exposed && method !== "GET") recordUncheckedWrites(route, context, allowed);
  });
};

/** Responses contain tokens and personal data. */
const keepFromCaches = async (_request: FastifyRequest, reply: FastifyReply) => {
  reply.header("cache-control", "no-store");
};

/**
 * Returns the login of a request. The user is read for each request, so that deactivation and a changed role take
 * effect immediately.
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
  const token = readToken(app, clock, request);
  if (!token) return undefined;
  if (token.expired) throw tokenExpired();
  return findLogin(db, token.sessionId, clock.now());
};

const anonymousIfExpired = (error: unknown): undefined => {
  if ((error as { code?: string }).code !== "EB_TOKEN_EXPIRED") throw error;
  return undefined;
};

/** Identifies the login of a request, whatever its permissions; null if it is not logged in. */
export const whoIs =
  (app: FastifyInstance, context: ApiContext) =>
  async (request: FastifyRequest): Promise<{ id: string; name: string } | null> => {
    const login = request.login ?? (await loginBehind(app, context, request).catch(anonymousIfExpired));
    return login ? { id: login.id, name: login.name } : null;
  };

/** Whether an admin must set up a second factor before anything else. */
export const needsEnrolment = (
  { adminsNeedTotp }: Pick<ApiContext, "adminsNeedTotp">,
  { role, hasTotp }: SignedIn,
): boolean => adminsNeedTotp === true && role === "admin" && !hasTotp;

/** The login of a request to a route that is not public. */
export const loginOf = (request: FastifyRequest): SignedIn => {
  if (!request.login) throw unauthenticated();
  return request.login;
};
