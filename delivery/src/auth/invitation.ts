import { createHmac, timingSafeEqual } from "node:crypto";
import { type Clock, Failure } from "earlybird";
import { sql } from "kysely";
import type { ApiContext } from "../context.ts";
import { newId } from "../ids/index.ts";
import { invitationLock } from "../locks.ts";
import type { Login } from "./login.ts";
import { hashPassword } from "./passwords.ts";
import { emailTaken } from "./register.ts";

const lifetimeMs = 24 * 3_600_000;

const invitationRefused = () =>
  new Failure(
    "EB_INVITATION_REFUSED",
    403,
    "The invitation is not valid: it is over, was not made here, or there is an admin already.",
    "Restart the server for a new one, or ask the admin for a login.",
  );

/**
 * A token with which the first admin can be made, within a day. It is not stored: it works because it is
 * signed, and once because it works only while there is no admin.
 */
export const createAdminInvitation = ({ jwtSecret, clock }: { jwtSecret: string; clock: Clock }): string => {
  const expiresAtMs = clock.now().getTime() + lifetimeMs;
  return `${expiresAtMs}.${signatureOf(expiresAtMs, jwtSecret)}`;
};

/**
 * Makes the first admin.
 *
 * @throws Failure EB_INVITATION_REFUSED, EB_EMAIL_TAKEN
 */
export const acceptInvitation = async (
  { changes, clock, jwtSecret }: ApiContext,
  { token, email, name, password }: { token: string; email: string; name: string; password: string },
): Promise<Login> => {
  const [expiresAt = "", signature = ""] = token.split(".");
  const now = clock.now();
  if (!sameText(signature, signatureOf(Number(expiresAt), jwtSecret)) || Number(expiresAt) <= now.getTime()) {
    throw invitationRefused();
  }
  const password_hash = await hashPassword(password);
  return changes.transaction(async (tx, active) => {
    await sql`select pg_advisory_xact_lock(${sql.join(invitationLock)})`.execute(tx);
    const admin = await tx
      .selectFrom("users")
      .select("id")
      .where("role", "=", "admin")
      .limit(1)
      .executeTakeFirst();
    if (admin) throw invitationRefused();
    const login = await tx
      .insertInto("users")
      .values({ id: newId("user", active), email, name, password_hash, role: "admin", created_at: now })
      .onConflict((conflict) => conflict.column("email").doNothing())
      .returning(["id", "email", "name", "role", "customer_id"])
      .executeTakeFirst();
    if (!login) throw emailTaken();
    return login;
  });
};

const signatureOf = (expiresAtMs: number, secret: string): string =>
  createHmac("sha256", secret).update(`admin invitation until ${expiresAtMs}`).digest("base64url");

const sameText = (a: string, b: string): boolean => {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
};
