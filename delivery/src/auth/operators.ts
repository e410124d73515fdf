import { defineFailure } from "@earlybird-ops/platform";
import { withTimeout } from "@earlybird-ops/platform/monitoring";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { isDatabaseUnreachable } from "../database-unreachable.ts";
import { needsEnrolment } from "./guard.ts";
import { findLogin, findLoginByEmail, type Login, type SignedIn } from "./login.ts";
import { enrolmentNeeded, forbidden, tokenExpired, unauthenticated } from "./refusals.ts";
import { readToken } from "./tokens.ts";

/** How long a known operator keeps access while the database is down. */
const rememberedMs = 3_600_000;

/** How long to wait for the database if the session is remembered. */
const lookUpWithinMs = 500;

/**
 * Authorizes requests to the platform (monitoring, alerts, rollback). Step 24 does not affect this.
 *
 * Operators need access most while the database is down. A session that belonged to an operator within the last hour
 * keeps it then, even with an expired token, which cannot be refreshed without the database. Routes for admins, which
 * change the system, always look the user up. Look-ups have connections of their own, so that operators get in while the
 * service has none left.
 *
 * @throws Failure EB_UNAUTHENTICATED, EB_FORBIDDEN
 */
export const authorizeOperator = (
  app: FastifyInstance,
  context: Pick<ApiContext, "db" | "operatorsDb" | "clock" | "adminsNeedTotp">,
) => {
  const { db, operatorsDb = db, clock } = context;
  const remembered = new Map<string, { login: SignedIn; atMs: number }>();

  const knownOperator = (sessionId: string): SignedIn | undefined => {
    const known = remembered.get(sessionId);
    return known && clock.monotonicMs() - known.atMs < rememberedMs ? known.login : undefined;
  };

  const lookUp = async (sessionId: string): Promise<SignedIn> => {
    const login = await findLogin(operatorsDb, sessionId, clock.now());
    if (login && isOperator(login)) remembered.set(sessionId, { login, atMs: clock.monotonicMs() });
    else remembered.delete(sessionId);
    if (!login) throw unauthenticated();
    return login;
  };

  const lookUpOrRemember = async (
    sessionId: string,
    known: SignedIn,
    expired: boolean,
  ): Promise<SignedIn> => {
    try {
      const found = await withTimeout(lookUpWithinMs, lookUp(sessionId));
      if (expired) throw tokenExpired();
      return found;
    } catch (error) {
      if (isDatabaseUnreachable(error)) return known;
      throw error;
    }
  };

  return async (
    request: FastifyRequest,
    role: "operator" | "admin",
  ): Promise<{ id: string; name: string }> => {
    const token = readToken(app, clock, request);
    if (!token) throw unauthenticated();
    const { sessionId, expired } = token;
    const known = role === "operator" ? knownOperator(sessionId) : undefined;
    if (expired && !known) throw tokenExpired();
    const login = await (known ? lookUpOrRemember(sessionId, known, expired) : lookUp(sessionId));
    request.login = login;
    if (login.role !== "admin" && login.role !== role) throw forbidden({ role: login.role });
    if (needsEnrolment(context, login)) throw enrolmentNeeded();
    return { id: login.id, name: login.name };
  };
};

/** Whether an email belongs to an admin or operator, for alerts about failed logins. */
export const isPrivilegedAccount =
  ({ db, operatorsDb = db }: Pick<ApiContext, "db" | "operatorsDb">) =>
  async (email: string): Promise<boolean> => {
    const user = await findLoginByEmail(operatorsDb, email);
    return user !== undefined && isOperator(user);
  };

const isOperator = ({ role }: Pick<Login, "role">): boolean => role === "admin" || role === "operator";

const reauthenticationNeeded = defineFailure({
  code: "EB_REAUTHENTICATION_NEEDED",
  status: 403,
  detail: "A critical step requires a login within the last {afterMs} minutes; yours is older.",
  remedy: "Authenticate with POST /api/auth/reauthenticate, or log in again; then repeat the request.",
});

/**
 * Refuses an operator whose last authentication is too old: an unattended laptop must not move a critical step.
 *
 * @throws Failure EB_REAUTHENTICATION_NEEDED
 */
export const demandRecentLogin =
  ({ clock, reauthenticateAfterMs = 600_000 }: Pick<ApiContext, "clock" | "reauthenticateAfterMs">) =>
  async ({ login }: FastifyRequest): Promise<void> => {
    const ageMs = clock.now().getTime() - (login?.session.authenticatedAt.getTime() ?? 0);
    if (ageMs > reauthenticateAfterMs)
      throw reauthenticationNeeded({ afterMs: Math.round(reauthenticateAfterMs / 60_000) });
  };
