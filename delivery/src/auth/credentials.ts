import type { FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { loginOf } from "./guard.ts";
import { createLoginAttempts } from "./login-attempts.ts";
import { verifyPassword } from "./passwords.ts";
import { wrongLogin } from "./refusals.ts";
import { demandTotp, totpNeeded } from "./totp/totp.ts";

/**
 * Demands the password of the login that asks, within the budgets of logins.
 *
 * @throws Failure EB_WRONG_LOGIN, EB_TOO_MANY_REQUESTS
 */
export const demandPassword = async (
  context: Pick<ApiContext, "db" | "clock" | "jwtSecret">,
  request: FastifyRequest,
  password: string,
): Promise<void> => {
  const { email } = loginOf(request);
  const user = await context.db
    .selectFrom("users")
    .select("password_hash")
    .where("email", "=", email)
    .executeTakeFirst();
  const attempts = createLoginAttempts(context);
  const right = await attempts.check({ account: email, address: request.ip }, () =>
    verifyPassword(user?.password_hash, password),
  );
  if (!right) throw wrongLogin();
};

/**
 * Has the login that asks prove again who they are; moves of critical steps need that.
 *
 * @throws Failure EB_WRONG_LOGIN, EB_TOTP_NEEDED, EB_TOTP_WRONG
 */
export const reauthenticate = async (
  context: ApiContext,
  request: FastifyRequest,
  { password, totp }: { password: string; totp?: string | undefined },
): Promise<Date> => {
  const { id, session, hasTotp } = loginOf(request);
  await demandPassword(context, request, password);
  if (hasTotp && totp === undefined) throw totpNeeded();
  if (hasTotp && totp !== undefined) await demandTotp(context, id, totp);
  const now = context.clock.now();
  await context.changes.transaction((tx) =>
    tx.updateTable("sessions").set({ authenticated_at: now }).where("id", "=", session.id).execute(),
  );
  return now;
};
