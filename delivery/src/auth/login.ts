import { defineFailure } from "@earlybird-ops/platform";
import { withTimeout } from "@earlybird-ops/platform/monitoring";
import { sql } from "kysely";
import { z } from "zod";
import { type DeliveryDatabase, type Role, roles } from "../database.ts";
import { ids } from "../ids/index.ts";
import { userOfJourney } from "./journey-token.ts";

/** Who is making a request, as read from the database for that request. */
export interface Login {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** The customer behind a login of role `customer`; null for the others. */
  customer_id: string | null;
}

/** Somebody with a session. */
export interface SignedIn extends Login {
  session: {
    id: string;
    /** When they last gave their password. */
    authenticatedAt: Date;
  };
  /** Whether a second factor is set up. */
  hasTotp: boolean;
}

/** How a login is shown. */
export const loginView = z.object({
  id: z.string(),
  email: z.string(),
  name: z.string(),
  role: z.enum(roles),
  customer_id: z.string().nullable(),
});

const loginColumns = ["id", "email", "name", "role", "customer_id"] as const;

const notLinked = defineFailure({
  code: "EB_LOGIN_NOT_LINKED",
  status: 403,
  detail:
    "This login has no customer: logins and customers are linked by step 21 (user-customer), which is rolled back or found no match for it.",
  remedy: "Ask the operator to re-apply step 21, or to link the login to its customer.",
});

/** On an open connection to a server that hangs, a query has no end of its own. */
const lookUpWithinMs = 3_000;

/**
 * Finds the user of an active session, or of a journey, which never gave a password; undefined if the session has ended or
 * the user is inactive.
 *
 * @throws DeadlineExceeded when the database has been silent for three seconds
 */
export const findLogin = async (
  db: DeliveryDatabase,
  sessionId: string,
  now: Date,
): Promise<SignedIn | undefined> => {
  const users = db
    .selectFrom("users as u")
    .leftJoin("totp_secrets as t", (join) =>
      join.onRef("t.user_id", "=", "u.id").on("t.confirmed_at", "is not", null),
    )
    .select(["u.id", "u.email", "u.name", "u.role", "u.customer_id"])
    .select(({ eb }) => eb("t.user_id", "is not", null).as("has_totp"))
    .where("u.active", "=", true);
  const travelling = userOfJourney(sessionId);
  const query =
    travelling === undefined
      ? users
          .innerJoin("sessions as s", "s.user_id", "u.id")
          .select("s.authenticated_at")
          .where("s.id", "=", sessionId)
          .where("s.ended_at", "is", null)
          .where("s.expires_at", ">", now)
      : users.select(sql<Date>`to_timestamp(0)`.as("authenticated_at")).where("u.id", "=", travelling);
  const row = await withTimeout(lookUpWithinMs, query.executeTakeFirst());
  if (!row) return undefined;
  const { authenticated_at, has_totp, ...login } = row;
  return {
    ...login,
    session: { id: sessionId, authenticatedAt: authenticated_at },
    hasTotp: Boolean(has_totp),
  };
};

/** The address of a login that was made for a customer; the customer's id is in it. */
const customerAddress = /^customer-(.+)@earlybird\.local$/;

/**
 * The active user with that email, with the password's hash. In an address that was generated for a customer, the
 * id may have either format; an exact match takes precedence.
 *
 * @throws DeadlineExceeded when the database has been silent for three seconds
 */
export const findLoginByEmail = (db: DeliveryDatabase, email: string) => {
  const customer = customerAddress.exec(email)?.[1];
  const same = customer === undefined ? sql`values (${email})` : sameAddresses(email, customer);
  const logins = db
    .selectFrom("users")
    .select([...loginColumns, "password_hash"])
    .select(
      sql<boolean>`exists (select from totp_secrets t where t.user_id = users.id and t.confirmed_at is not null)`.as(
        "has_totp",
      ),
    )
    .where(sql<boolean>`email in (${same})`)
    .where("active", "=", true)
    .orderBy(sql`email = ${email}`, "desc")
    .limit(1);
  return withTimeout(lookUpWithinMs, logins.executeTakeFirst());
};

const sameAddresses = (email: string, customer: string) => sql`
  values (${email})
  union select 'customer-' || either.id || '@earlybird.local'
    from ${ids.eitherStyle("customers", sql`${customer}::text`)} as either (id)`;

/**
 * A customer's login is of no use without its customer: there would be nothing to show.
 *
 * @throws Failure EB_LOGIN_NOT_LINKED, which names step 21
 */
export const requireLink = (login: Login): void => {
  if (login.role === "customer" && login.customer_id === null) throw notLinked({}, { step: 21 });
};
