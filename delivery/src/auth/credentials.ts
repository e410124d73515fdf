import { Failure } from "earlybird";
import type { FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { loginOf } from "./guard.ts";
import { type CheckWithinBudgets, createLoginAttempts, type Verdict } from "./login-attempts.ts";
import { verifyPassword } from "./passwords.ts";
import { wrongLogin } from "./refusals.ts";
import { demandTotp, totpNeeded } from "./totp/totp.ts";

/** What is sent to prove who somebody is, and of whom. */
interface Credentials {
  /** Undefined where nobody has the address: that takes as long. */
  user: { id: string; password_hash: string; has_totp: boolean } | undefined;
  account: string;
  /** From where. */
  address: string;
  password: string;
  totp?: string | undefined;
}

/**
 * Demands password and, where one is set up, the second factor. A wrong code counts against the budgets of logins as a wrong
 * password does.
 *
 * @param check of the process's login attempts
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
 * Demands of the login that asks what it has to prove itself: the password, and with `totp` the second factor, too.
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
 * Has the login that asks prove again who they are; moves of critical steps need that.
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
