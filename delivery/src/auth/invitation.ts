import { randomBytes } from "node:crypto";
import { type Clock, defineFailure } from "@earlybird-ops/platform";
import { sql } from "kysely";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";
import { email, name, newPassword } from "../fields.ts";
import { newId } from "../ids/index.ts";
import { adminLock } from "../locks.ts";
import { tokenHash } from "../token-hash.ts";
import type { Login } from "./login.ts";
import { emailTaken } from "./register.ts";
import { recordSecurityEvents } from "./rights/security-events.ts";
import { hashNewPassword } from "./weak-passwords.ts";

const lifetimeMs = 24 * 3_600_000;

/** Where an invitation is accepted. */
export const acceptInvitationPath = "/api/auth/accept-invitation";

const invitationRefused = defineFailure({
  code: "EB_INVITATION_REFUSED",
  status: 403,
  detail:
    "The invitation is not valid: it is unknown, used or expired, or it was for the first admin and there is one.",
  remedy: "Create a new one on the server: earlybird admin invite.",
});

export interface Invitation {
  /** Shown once; only its hash is stored. */
  token: string;
  expiresAt: Date;
}

/**
 * Creates an invitation for one admin, valid once and for a day.
 *
 * @param options.firstAdmin whether it works only while there is no admin
 */
export const createAdminInvitation = async (
  tx: DeliveryDatabase,
  { clock, firstAdmin }: { clock: Clock; firstAdmin: boolean },
): Promise<Invitation> => {
  const now = clock.now();
  const token = randomBytes(32).toString("base64url");
  const expiresAt = new Date(now.getTime() + lifetimeMs);
  await tx.deleteFrom("invitations").where("expires_at", "<=", now).execute();
  await tx
    .insertInto("invitations")
    .values({ token_hash: tokenHash(token), first_admin: firstAdmin, expires_at: expiresAt, used_at: null })
    .execute();
  return { token, expiresAt };
};

export const acceptance = z.strictObject({
  token: z.string().min(1).max(200),
  email,
  name,
  password: newPassword,
});

/**
 * Creates the admin that an invitation is for.
 *
 * @param origin the origin of the request, as the ledger records it
 * @throws Failure EB_INVITATION_REFUSED, EB_EMAIL_TAKEN, EB_WEAK_PASSWORD
 */
export const acceptInvitation = async (
  { db, changes, clock }: ApiContext,
  { token, email, name, password }: z.output<typeof acceptance>,
  origin: string,
): Promise<Login> => {
  const at = clock.now();
  const valid = (tx: DeliveryDatabase) =>
    tx
      .selectFrom("invitations")
      .select("first_admin")
      .where("token_hash", "=", tokenHash(token))
      .where("used_at", "is", null)
      .where("expires_at", ">", at)
      .executeTakeFirst();
  // Before the hash, which is slow by design: an invalid token must not cost one.
  if (!(await valid(db))) throw invitationRefused();
  const password_hash = await hashNewPassword(password, { email, name });
  return changes.transaction(async (tx, active) => {
    await sql`select pg_advisory_xact_lock(${sql.join(adminLock)})`.execute(tx);
    const invitation = await valid(tx);
    if (!invitation || (invitation.first_admin && (await hasAnyAdmin(tx)))) throw invitationRefused();
    await tx
      .updateTable("invitations")
      .set({ used_at: at })
      .where("token_hash", "=", tokenHash(token))
      .execute();
    const id = newId("user", active);
    const login = await tx
      .insertInto("users")
      .values({ id, email, name, password_hash, role: "admin", created_at: at, verified_at: at })
      .onConflict((conflict) => conflict.column("email").doNothing())
      .returning(["id", "email", "name", "role", "customer_id"])
      .executeTakeFirst();
    if (!login) throw emailTaken();
    const made = { action: "login-made", result: { user: login.id, role: login.role } } as const;
    await recordSecurityEvents(tx, { by: { operator: "invitation", origin }, at, events: [made] });
    return login;
  });
};

/** Whether there is an admin, active or not. */
export const hasAnyAdmin = async (db: DeliveryDatabase): Promise<boolean> =>
  (await db.selectFrom("users").select("id").where("role", "=", "admin").limit(1).executeTakeFirst()) !==
  undefined;
