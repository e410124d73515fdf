import { Failure } from "earlybird";
import { z } from "zod";
import { type DeliveryDatabase, type Role, roles } from "../database.ts";

/** Who is making a request, as read from the database for that request. */
export interface Login {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** The customer behind a login of role `customer`; null for the others. */
  customer_id: string | null;
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

const notLinked = () =>
  new Failure(
    "EB_LOGIN_NOT_LINKED",
    403,
    "This login has no customer: logins and customers are linked by step 21 (user-customer), which is rolled back or found no match for it.",
    "Ask the operator to re-apply step 21, or to link the login to its customer.",
    { step: 21 },
  );

/** The active user with that id; undefined when there is none, or no longer. */
export const findLogin = (db: DeliveryDatabase, userId: string): Promise<Login | undefined> =>
  db
    .selectFrom("users")
    .select(loginColumns)
    .where("id", "=", userId)
    .where("active", "=", true)
    .executeTakeFirst();

/** The active user with that email, with the password's hash. */
export const findLoginByEmail = (db: DeliveryDatabase, email: string) =>
  db
    .selectFrom("users")
    .select([...loginColumns, "password_hash"])
    .where("email", "=", email)
    .where("active", "=", true)
    .executeTakeFirst();

/**
 * A customer's login is of no use without its customer: there would be nothing to show.
 *
 * @throws Failure EB_LOGIN_NOT_LINKED, which names step 21
 */
export const requireLink = (login: Login): void => {
  if (login.role === "customer" && login.customer_id === null) throw notLinked();
};
