import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import type { ApiContext } from "../../context.ts";
import type { Tables } from "../../database.ts";
import type { SignedIn } from "../login.ts";
import {
  decryptSecret,
  encryptSecret,
  enrolmentOf,
  hashOfRecoveryCode,
  newRecoveryCodes,
  newSecret,
  stepOfCode,
} from "./secret.ts";

const wrongCode = defineFailure({
  code: "EB_TOTP_WRONG",
  status: 401,
  detail: "The code of the second factor is wrong, or was used before.",
  remedy: "Send the code that your authenticator shows now, or one of your recovery codes.",
});

export const totpNeeded = defineFailure({
  code: "EB_TOTP_NEEDED",
  status: 401,
  detail: "This login has a second factor.",
  remedy: "Send the code that your authenticator shows, or a recovery code, as totp.",
});

const alreadyEnrolled = defineFailure({
  code: "EB_TOTP_ENROLLED",
  status: 409,
  detail: "This login already has a second factor.",
  remedy: "Remove it first with POST /api/auth/totp/remove.",
});

const notEnrolled = defineFailure({
  code: "EB_TOTP_NOT_ENROLLED",
  status: 409,
  detail: "No second factor is being set up.",
  remedy: "Start with POST /api/auth/totp/enrol.",
});

type TotpContext = Pick<ApiContext, "changes" | "clock" | "jwtSecret">;

/**
 * Starts setting up a second factor; it takes effect when a code confirms it.
 *
 * @throws Failure EB_TOTP_ENROLLED
 */
export const enrolTotp = async (
  { changes, jwtSecret }: TotpContext,
  { email, session }: Pick<SignedIn, "email" | "session">,
): Promise<{ secret: string; uri: string }> => {
  const secret = newSecret();
  await changes.transaction(async (tx) => {
    const { numAffectedRows } = await sql`
      insert into totp_secrets (user_id, secret)
      select user_id, ${encryptSecret(secret, jwtSecret)} from sessions where id = ${session.id}
      on conflict (user_id) do update set secret = excluded.secret, last_step = null
        where totp_secrets.confirmed_at is null`.execute(tx);
    if (numAffectedRows === 0n) throw alreadyEnrolled();
  });
  return enrolmentOf(secret, email);
};

/**
 * Confirms the second factor with a first code.
 *
 * @returns the recovery codes, which are not stored
 * @throws Failure EB_TOTP_NOT_ENROLLED, EB_TOTP_ENROLLED, EB_TOTP_WRONG
 */
export const confirmTotp = (
  { changes, clock, jwtSecret }: TotpContext,
  userId: string,
  code: string,
): Promise<string[]> =>
  changes.transaction(async (tx) => {
    const row = await lockSecret(tx, userId);
    if (!row) throw notEnrolled();
    if (row.confirmed_at) throw alreadyEnrolled();
    const step = stepOf(row, code, { clock, jwtSecret });
    if (step === undefined) throw wrongCode();
    await tx
      .updateTable("totp_secrets")
      .set({ confirmed_at: clock.now(), last_step: step })
      .where("user_id", "=", userId)
      .execute();
    const codes = newRecoveryCodes();
    await tx.deleteFrom("totp_recovery_codes").where("user_id", "=", userId).execute();
    await tx
      .insertInto("totp_recovery_codes")
      .values(codes.map((each) => ({ user_id: userId, code_hash: hashOfRecoveryCode(each) })))
      .execute();
    return codes;
  });

/**
 * Checks a code of the second factor. Each code and each recovery code works once.
 *
 * @throws Failure EB_TOTP_WRONG
 */
export const demandTotp = (
  { changes, clock, jwtSecret }: TotpContext,
  userId: string,
  code: string,
): Promise<void> =>
  changes.transaction(async (tx) => {
    const row = await lockSecret(tx, userId);
    if (!row) throw wrongCode();
    const step = stepOf(row, code, { clock, jwtSecret });
    if (step !== undefined && step > Number(row.last_step ?? -1)) {
      await tx.updateTable("totp_secrets").set({ last_step: step }).where("user_id", "=", userId).execute();
      return;
    }
    const spent = await tx
      .deleteFrom("totp_recovery_codes")
      .where("user_id", "=", userId)
      .where("code_hash", "=", hashOfRecoveryCode(code))
      .executeTakeFirst();
    if (spent.numDeletedRows === 0n) throw wrongCode();
  });

/** Removes the second factor, confirmed or not. */
export const removeTotp = ({ changes }: Pick<TotpContext, "changes">, userId: string): Promise<void> =>
  changes.transaction(async (tx) => {
    await tx.deleteFrom("totp_recovery_codes").where("user_id", "=", userId).execute();
    await tx.deleteFrom("totp_secrets").where("user_id", "=", userId).execute();
  });

/** Of two concurrent requests with the same code, the second waits and finds the code used. */
const lockSecret = (tx: Kysely<Tables>, userId: string) =>
  tx
    .selectFrom("totp_secrets")
    .select(["secret", "confirmed_at", "last_step"])
    .where("user_id", "=", userId)
    .forUpdate()
    .executeTakeFirst();

const stepOf = (
  { secret }: { secret: Buffer },
  code: string,
  { clock, jwtSecret }: Pick<TotpContext, "clock" | "jwtSecret">,
): number | undefined => {
  const plain = decryptSecret(secret, jwtSecret);
  return plain && /^\d{6}$/.test(code) ? stepOfCode(plain, code, clock.now()) : undefined;
};
