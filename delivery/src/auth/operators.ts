import { within } from "earlybird/monitoring";
import type { FastifyInstance, FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { isDatabaseAway } from "../database-away.ts";
import { findLogin, type Login } from "./login.ts";
import { forbidden, unauthenticated } from "./refusals.ts";
import { readToken } from "./tokens.ts";

/** For so long whoever was an operator counts as one while nobody can be looked up. */
const rememberedMs = 3_600_000;

/** A database that is slower than this is not waited for, where it is known who asks. */
const lookUpWithinMs = 500;

/**
 * Who may operate the platform (monitoring, alerts, rollback). Step 24 has no say here, in either state.
 *
 * Operators are needed most while the database is away. Whoever was one within the last hour is one then; an admin's
 * right, which changes the system, is looked up each time.
 *
 * @throws Failure EB_UNAUTHENTICATED, EB_FORBIDDEN
 */
export const authorizeOperator = (app: FastifyInstance, { db, clock }: Pick<ApiContext, "db" | "clock">) => {
  const remembered = new Map<string, { login: Login; atMs: number }>();

  const knownOperator = (userId: string): Login | undefined => {
    const known = remembered.get(userId);
    return known && clock.monotonicMs() - known.atMs < rememberedMs ? known.login : undefined;
  };

  const lookUp = async (userId: string): Promise<Login> => {
    const login = await findLogin(db, userId);
    if (login && isOperator(login)) remembered.set(userId, { login, atMs: clock.monotonicMs() });
    else remembered.delete(userId);
    if (!login) throw unauthenticated();
    return login;
  };

  const lookUpOrRemember = async (userId: string, known: Login): Promise<Login> => {
    try {
      return await within(lookUpWithinMs, lookUp(userId));
    } catch (error) {
      if (isDatabaseAway(error)) return known;
      throw error;
    }
  };

  return async (
    request: FastifyRequest,
    role: "operator" | "admin",
  ): Promise<{ id: string; name: string }> => {
    const userId = readToken(app, clock, request.headers.authorization);
    if (userId === undefined) throw unauthenticated();
    const known = role === "operator" ? knownOperator(userId) : undefined;
    const login = await (known ? lookUpOrRemember(userId, known) : lookUp(userId));
    request.login = login;
    if (login.role !== "admin" && login.role !== role) throw forbidden(login.role);
    return { id: login.id, name: login.name };
  };
};

const isOperator = ({ role }: Login): boolean => role === "admin" || role === "operator";
