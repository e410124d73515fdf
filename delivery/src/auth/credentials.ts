import { Failure } from "@earlybird-ops/platform";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { loginOf } from "./guard.ts";
import { type CheckWithinBudgets, createLoginAttempts, type Verdict } from "./login-attempts.ts";
import { verifyPassword } from "./passwords.ts";
import { wrongLogin } from "./refusals.ts";
import { demandTotp, totpNeeded } from "./totp/totp.ts";

/** The credentials of a request and the user they are for. */
interface Credentials {
  /** Undefined for an unknown address: the check takes the same time. */
  user: { id: string; password_hash: string; has_totp: boolean } | undefined;
  account: string;
  /** The client's address. */
  address: string;
  password: string;
  totp?: string | undefined;
}

/**
 * Checks the password and, if it is set up, the second factor. A wrong code counts against the login budgets like a wrong
 * password.
 *
 * @param check from `createLoginAttempts`
 * @throws Failure EB_WRONG_LOGIN, EB_TOTP_NEEDED, EB_TOTP_WRONG, EB_TOO_MANY_REQUESTS
 */
export const demandCredentials = async (
  context: ApiContext,
  check: CheckWithinBudgets,
  { user, account, address, password, totp }: Credentials,
): Promise<void> => {
  let wrongCode: Failure | undefined;
  const verdict = await check({ account, address }, async (): Promise<Verdict> => {
    if (!(await verifyPassword(user?.password_hash, password)) || !user) return "wrong";
    if (!user.has_totp) return "right";
    if (totp === undefined) return "incomplete";
    try {
      await demandTotp(context, user.id, totp);
      return "right";
    } catch (error) {
      if (!(error instanceof Failure) || error.code !== "EB_TOTP_WRONG") throw error;
      wrongCode = error;
      return "wrong";
    }
  });
  if (wrongCode) throw wrongCode;
  if (verdict === "wrong") throw wrongLogin();
  if (verdict === "incomplete") throw totpNeeded();
};

/**
 * Checks the credentials of the current login: the password and, on request, the second factor.
 *
 * @throws Failure EB_WRONG_LOGIN, EB_TOTP_NEEDED, EB_TOTP_WRONG, EB_TOO_MANY_REQUESTS
 */
export const demandOwnCredentials = async (
  context: ApiContext,
  request: FastifyRequest,
  { password, totp, secondFactor }: { password: string; totp?: string | undefined; secondFactor: boolean },
): Promise<void> => {
  const { id, email, hasTotp } = loginOf(request);
  const known = await context.db
    .selectFrom("users")
    .select("password_hash")
    .where("email", "=", email)
    .executeTakeFirst();
  await demandCredentials(context, createLoginAttempts(context).check, {
    user: known && { id, ...known, has_totp: secondFactor && hasTotp },
    account: email,
    address: request.ip,
    password,
    totp,
  });
};

/**
 * Reauthenticates the current login, as critical steps require.
 *
 * @throws Failure EB_WRONG_LOGIN, EB_TOTP_NEEDED, EB_TOTP_WRONG, EB_TOO_MANY_REQUESTS
 */
export const reauthenticate = async (
  context: ApiContext,
  request: FastifyRequest,
  proof: { password: string; totp?: string | undefined },
): Promise<Date> => {
  await demandOwnCredentials(context, request, { ...proof, secondFactor: true });
  const now = context.clock.now();
  const { session } = loginOf(request);
  await context.changes.transaction((tx) =>
    tx.updateTable("sessions").set({ authenticated_at: now }).where("id", "=", session.id).execute(),
  );
  return now;
};
