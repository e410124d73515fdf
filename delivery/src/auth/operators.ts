import { Failure } from "earlybird";
import { within } from "earlybird/monitoring";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { isDatabaseUnreachable } from "../database-unreachable.ts";
import { needsEnrolment } from "./guard.ts";
import { findLogin, type Login, type SignedIn } from "./login.ts";
import { enrolmentNeeded, forbidden, tokenExpired, unauthenticated } from "./refusals.ts";
import { readToken } from "./tokens.ts";

/** For so long whoever was an operator counts as one while nobody can be looked up. */
const rememberedMs = 3_600_000;

/** A database that is slower than this is not waited for, where it is known who asks. */
const lookUpWithinMs = 500;

/**
 * Who may operate the platform (monitoring, alerts, rollback). Step 24 has no say here, in either state.
 *
 * Operators are needed most while the database is away. Whoever was one within the last hour is one then; an admin's
 * right, which changes the system, is looked up each time. Their token may have ended meanwhile: nobody can refresh one
 * without the database.
 *
 * @throws Failure EB_UNAUTHENTICATED, EB_FORBIDDEN
 */
export const authorizeOperator = (
  app: FastifyInstance,
  context: Pick<ApiContext, "db" | "clock" | "adminsNeedTotp">,
) => {
  const { db, clock } = context;
  const remembered = new Map<string, { login: SignedIn; atMs: number }>();

  const knownOperator = (sessionId: string): SignedIn | undefined => {
    const known = remembered.get(sessionId);
    return known && clock.monotonicMs() - known.atMs < rememberedMs ? known.login : undefined;
  };

  const lookUp = async (sessionId: string): Promise<SignedIn> => {
    const login = await findLogin(db, sessionId, clock.now());
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
      const found = await within(lookUpWithinMs, lookUp(sessionId));
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
    const token = readToken(app, clock, request.headers.authorization);
    if (!token) throw unauthenticated();
    const { sessionId, expired } = token;
    const known = role === "operator" ? knownOperator(sessionId) : undefined;
    if (expired && !known) throw tokenExpired();
    const login = await (known ? lookUpOrRemember(sessionId, known, expired) : lookUp(sessionId));
    request.login = login;
    if (login.role !== "admin" && login.role !== role) throw forbidden(login.role);
    if (needsEnrolment(context, login)) throw enrolmentNeeded();
    return { id: login.id, name: login.name };
  };
};

const isOperator = ({ role }: Login): boolean => role === "admin" || role === "operator";

const reauthenticationNeeded = (afterMs: number) =>
  new Failure(
    "EB_REAUTHENTICATION_NEEDED",
    403,
    `A critical step needs a login of the last ${Math.round(afterMs / 60_000)} minutes, and yours is older.`,
    "Prove who you are with POST /api/auth/reauthenticate, or log in again; then repeat the request.",
  );

/**
 * Refuses an operator who gave their password too long ago: a laptop left open must not undo a critical step.
 *
 * @throws Failure EB_REAUTHENTICATION_NEEDED
 */
export const demandRecentLogin =
  ({ clock, reauthenticateAfterMs = 600_000 }: Pick<ApiContext, "clock" | "reauthenticateAfterMs">) =>
  async ({ login }: FastifyRequest): Promise<void> => {
    const ageMs = clock.now().getTime() - (login?.session.authenticatedAt.getTime() ?? 0);
    if (ageMs > reauthenticateAfterMs) throw reauthenticationNeeded(reauthenticateAfterMs);
  };
