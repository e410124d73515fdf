import { randomBytes } from "node:crypto";
import { Failure } from "earlybird";
import type { Kysely } from "kysely";
import { addDays, startOfDay, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { requireServedCustomer } from "../customers/index.ts";
import type { Tables } from "../database.ts";
import { tokenHash } from "../token-hash.ts";

const daysAhead = 31;
/** A link works until the end of the day after the delivery: a neighbour may look the next evening. */
const lastingDays = 2;

const linkDateOutOfRange = (date: string, first: string, last: string) =>
  new Failure(
    "EB_LINK_DATE_OUT_OF_RANGE",
    422,
    `There is no use for a link for ${date}.`,
    `Choose a day from ${first} to ${last}.`,
  );

export const linkNotFound = () =>
  new Failure("EB_LINK_NOT_FOUND", 404, "There is no such link.", "Ask the customer to send the link again.");

const linkExpired = (expiresAt: Date) =>
  new Failure(
    "EB_LINK_EXPIRED",
    410,
    `The link ended at ${expiresAt.toISOString()}.`,
    "Ask the customer to send a new one.",
  );

/**
 * Makes a link with which anybody who has it sees and confirms what is to be delivered to a customer on a
 * day.
 *
 * @returns the token, for this once, and when it ends
 * @throws Failure EB_LINK_DATE_OUT_OF_RANGE, EB_CUSTOMER_NOT_SERVED
 */
export const createLink = async (
  { changes, clock }: ApiContext,
  { customerId, date }: { customerId: string; date: string },
): Promise<{ token: string; expires_at: Date }> => {
  const [first, last] = [addDays(today(clock), -1), addDays(today(clock), daysAhead)];
  if (date < first || date > last) throw linkDateOutOfRange(date, first, last);
  const token = randomBytes(32).toString("base64url");
  const expires_at = startOfDay(addDays(date, lastingDays), clock.timeZone);
  // Out of the transaction: a request that is repeated with its key gets the token of the link that was made.
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
 * The link of a token that still opens.
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
  if (link.expires_at <= now) throw linkExpired(link.expires_at);
  return link;
};
