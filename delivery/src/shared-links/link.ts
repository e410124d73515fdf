import { randomBytes } from "node:crypto";
import { defineFailure } from "@earlybird-ops/platform";
import type { Kysely } from "kysely";
import { addDays, startOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { requireServedCustomer } from "../customers/index.ts";
import type { Tables } from "../database.ts";
import { tokenHash } from "../token-hash.ts";

const daysAhead = 31;
/** A link is valid until the end of the day after the delivery, for neighbours who confirm the next evening. */
const lastingDays = 2;

const linkDateOutOfRange = defineFailure({
  code: "EB_LINK_DATE_OUT_OF_RANGE",
  status: 422,
  detail: "A link for {date} is not possible.",
  remedy: "Choose a day from {first} to {last}.",
});

export const linkNotFound = defineFailure({
  code: "EB_LINK_NOT_FOUND",
  status: 404,
  detail: "There is no such link.",
  remedy: "Ask the customer to send the link again.",
});

const linkExpired = defineFailure({
  code: "EB_LINK_EXPIRED",
  status: 410,
  detail: "The link expired at {expiresAt}.",
  remedy: "Ask the customer to send a new one.",
});

/**
 * Creates a link that shows and confirms the deliveries of a customer on a day, without a login.
 *
 * @returns the token, which is not stored, and the end of its validity
 * @throws Failure EB_LINK_DATE_OUT_OF_RANGE, EB_CUSTOMER_NOT_SERVED
 */
export const createLink = async (
  { changes, clock }: ApiContext,
  { customerId, date }: { customerId: string; date: string },
): Promise<{ token: string; expires_at: Date }> => {
  const [first, last] = [addDays(today(clock), -1), addDays(today(clock), daysAhead)];
  if (date < first || date > last) throw linkDateOutOfRange({ date, first, last });
  const token = randomBytes(32).toString("base64url");
  const expires_at = startOfDay(addDays(date, lastingDays), clock.timeZone);
  // Returned by the transaction: a request that is repeated with its idempotency key gets the same token.
  return changes.transaction(async (tx) => {
    await requireServedCustomer(tx, customerId);
    await tx
      .insertInto("shared_links")
      .values({
        token_hash: tokenHash(token),
        customer_id: customerId,
        delivery_date: date,
        expires_at,
      })
      .execute();
    return { token, expires_at };
  });
};

/**
 * Finds the valid link of a token.
 *
 * @throws Failure EB_LINK_NOT_FOUND, EB_LINK_EXPIRED
 */
export const findLink = async (db: Kysely<Tables>, token: string, now: Date) => {
  const link = await db
    .selectFrom("shared_links")
    .select(["customer_id", "delivery_date", "expires_at", "used_at"])
    .where("token_hash", "=", tokenHash(token))
    .executeTakeFirst();
  if (!link) throw linkNotFound();
  if (link.expires_at <= now) throw linkExpired({ expiresAt: link.expires_at.toISOString() });
  return link;
};
