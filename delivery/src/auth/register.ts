import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { address, email, name, newPassword, phone } from "../fields.ts";
import { newId } from "../ids/index.ts";
import type { Login } from "./login.ts";
import { hashNewPassword } from "./weak-passwords.ts";

export const emailTaken = defineFailure({
  code: "EB_EMAIL_TAKEN",
  status: 409,
  detail: "A login with this email already exists.",
  remedy: "Log in with it, or use another email.",
});

export const registration = z.strictObject({
  name,
  email,
  phone,
  password: newPassword,
  address,
  area: name,
});

/**
 * Registers a customer with a login. While step 21 is applied, the two are linked; while it is rolled back, the intended
 * link is recorded and re-applying creates it: the phone is not verified.
 *
 * @throws Failure EB_EMAIL_TAKEN, EB_WEAK_PASSWORD
 */
export const register = async (
  { changes, clock }: ApiContext,
  { name, email, phone, password, address, area }: z.output<typeof registration>,
): Promise<Login> => {
  // Before the transaction: hashing is slow by design, and a swap waits for every open write.
  const password_hash = await hashNewPassword(password, { email, name });
  const created_at = clock.now();
  return changes.transaction(async (tx, active) => {
    const linked = active.has("user-customer");
    const customer = await tx
      .insertInto("customers")
      .values({ id: newId("customer", active), name, phone, address, area, created_at })
      .returning("id")
      .executeTakeFirstOrThrow();
    const login = await tx
      .insertInto("users")
      .values({
        id: newId("user", active),
        email,
        phone,
        name,
        password_hash,
        role: "customer",
        created_at,
        verified_at: null,
        ...(linked && { customer_id: customer.id }),
      })
      .onConflict((conflict) => conflict.column("email").doNothing())
      .returning(["id", "email", "name", "role", "customer_id"])
      .executeTakeFirst();
    if (!login) throw emailTaken();
    if (linked) {
      await tx.updateTable("customers").set({ user_id: login.id }).where("id", "=", customer.id).execute();
    } else {
      await tx.insertInto("intended_links").values({ user_id: login.id, customer_id: customer.id }).execute();
    }
    return login;
  });
};
