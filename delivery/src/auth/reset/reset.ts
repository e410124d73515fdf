import { randomBytes } from "node:crypto";
import { defineFailure } from "@earlybird-ops/platform";
import type { ApiContext } from "../../context.ts";
import { queueMail } from "../../mail/index.ts";
import { tokenHash } from "../../token-hash.ts";
import { findLoginByEmail } from "../login.ts";
import { endSessions } from "../sessions/session.ts";
import { hashNewPassword } from "../weak-passwords.ts";

const lifetimeMs = 30 * 60_000;
const hourMs = 3_600_000;
const mailsAnHour = 3;

const resetRefused = defineFailure({
  code: "EB_RESET_REFUSED",
  status: 403,
  detail: "The code is not valid: it was used, replaced by a newer one, or is older than 30 minutes.",
  remedy: "Ask for a new one with POST /api/auth/password-reset.",
});

/**
 * Emails a code to set a new password if an active login has this address, at most three per hour. A code replaces
 * earlier ones.
 */
export const requestReset = async ({ db, changes, clock }: ApiContext, email: string): Promise<void> => {
  const user = await findLoginByEmail(db, email);
  if (!user) return;
  const token = randomBytes(24).toString("base64url");
  const now = clock.now();
  await changes.transaction(async (tx) => {
    // Locked, so that concurrent requests cannot exceed the limit.
    const locked = await tx
      .selectFrom("users")
      .select("id")
      .where("email", "=", user.email)
      .forUpdate()
      .executeTakeFirst();
    if (!locked) return;
    const { id } = locked;
    const lately = await tx
      .selectFrom("password_resets")
      .select(({ fn }) => fn.countAll<number>().as("count"))
      .where("user_id", "=", id)
      .where("created_at", ">", new Date(now.getTime() - hourMs))
      .executeTakeFirstOrThrow();
    if (Number(lately.count) >= mailsAnHour) return;
    await tx
      .deleteFrom("password_resets")
      .where("user_id", "=", id)
      .where("created_at", "<=", new Date(now.getTime() - hourMs))
      .execute();
    await tx
      .updateTable("password_resets")
      .set({ used_at: now })
      .where("user_id", "=", id)
      .where("used_at", "is", null)
      .execute();
    const expires_at = new Date(now.getTime() + lifetimeMs);
    await tx
      .insertInto("password_resets")
      .values({ token_hash: tokenHash(token), user_id: id, created_at: now, expires_at })
      .execute();
    await queueMail(
      tx,
      { recipient: user.email, subject: "Your EarlyBird password", body: textOf(user.name, token) },
      now,
    );
  });
};

const textOf = (name: string, token: string): string =>
  [
    `Dear ${name},`,
    "",
    "somebody asked for a new password for your EarlyBird login. If it was you, enter this code within 30 minutes:",
    "",
    token,
    "",
    "If it was not you, do nothing: your password stays as it is.",
  ].join("\n");

/**
 * Sets a new password with a code, once, and ends all sessions of the user.
 *
 * @throws Failure EB_RESET_REFUSED
 */
export const confirmReset = async (
  { db, changes, clock }: ApiContext,
  { token, password }: { token: string; password: string },
): Promise<void> => {
  const known = await db
    .selectFrom("password_resets as r")
    .innerJoin("users as u", "u.id", "r.user_id")
    .select(["u.email", "u.name"])
    .where("r.token_hash", "=", tokenHash(token))
    .executeTakeFirst();
  // Before the slow hash: an invalid code must not cost one.
  if (!known) throw resetRefused();
  const password_hash = await hashNewPassword(password, known);
  const now = clock.now();
  await changes.transaction(async (tx) => {
    const used = await tx
      .updateTable("password_resets")
      .set({ used_at: now })
      .where("token_hash", "=", tokenHash(token))
      .where("used_at", "is", null)
      .where("expires_at", ">", now)
      .returning("user_id")
      .executeTakeFirst();
    const user =
      used &&
      (await tx
        .updateTable("users")
        .set({ password_hash })
        .where("id", "=", used.user_id)
        .where("active", "=", true)
        .returning("id")
        .executeTakeFirst());
    if (!user) throw resetRefused();
    await endSessions(tx, now, { userId: user.id });
  });
};
