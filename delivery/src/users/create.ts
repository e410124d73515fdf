import { Failure } from "earlybird";
import { emailTaken, hashPassword } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import type { Role } from "../database.ts";
import { newId } from "../ids/index.ts";
import { userColumns } from "./user.ts";

const customerNotFree = (id: string) =>
  new Failure(
    "EB_CUSTOMER_NOT_FREE",
    409,
    `There is no customer ${id}, or the customer has a login already.`,
    "Choose a customer whose user_id is null.",
  );

export interface NewUser {
  email: string;
  name: string;
  phone: string | undefined;
  password: string;
  role: Role;
  /** For the role `customer`: whose login it is. */
  customerId: string | undefined;
}

/**
 * Makes a login. While step 21 is applied, a customer and their login know each other.
 *
 * @throws Failure EB_EMAIL_TAKEN, EB_CUSTOMER_NOT_FREE
 */
export const createUser = async (
  { changes, clock }: ApiContext,
  { email, name, phone, password, role, customerId }: NewUser,
) => {
  const password_hash = await hashPassword(password);
  const created_at = clock.now();
  return changes.transaction(async (tx, active) => {
    const link = active.has("user-customer") && customerId !== undefined ? customerId : undefined;
    if (link !== undefined) {
      const free = await tx
        .selectFrom("customers")
        .select("id")
        .where("id", "=", link)
        .where("user_id", "is", null)
        // Two logins for the same customer at once: the second waits here, and then finds the first.
        .forUpdate()
        .executeTakeFirst();
      if (!free) throw customerNotFree(link);
    }
    const user = await tx
      .insertInto("users")
      .values({
        id: newId("user", active),
        email,
        name,
        phone: phone ?? null,
        password_hash,
        role,
        created_at,
        ...(link !== undefined && { customer_id: link }),
      })
      .onConflict((conflict) => conflict.column("email").doNothing())
      .returning(userColumns)
      .executeTakeFirst();
    if (!user) throw emailTaken();
    if (link !== undefined) {
      await tx.updateTable("customers").set({ user_id: user.id }).where("id", "=", link).execute();
    }
    return user;
  });
};
