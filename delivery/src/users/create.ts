import { defineFailure } from "@earlybird-ops/platform";
import { z } from "zod";
import {
  emailTaken,
  hashNewPassword,
  operatesPlatform,
  type Requester,
  recordSecurityEvents,
} from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { roles } from "../database.ts";
import { email, id, name, newPassword, phone } from "../fields.ts";
import { newId } from "../ids/index.ts";
import { userColumns } from "./user.ts";

const customerNotFree = defineFailure({
  code: "EB_CUSTOMER_NOT_FREE",
  status: 409,
  detail: "There is no customer {id}, or the customer has a login already.",
  remedy: "Choose a customer whose user_id is null.",
});

export const newUser = z
  .strictObject({
    email,
    name,
    phone: phone.optional(),
    password: newPassword,
    role: z.enum(roles),
    customer_id: id
      .optional()
      .describe("the owner of the login; only for the role customer, which requires it"),
  })
  .refine((user) => (user.role === "customer") === (user.customer_id !== undefined), {
    path: ["customer_id"],
    error: "belongs to the role customer, which needs it",
  });

/**
 * Creates a login. While step 21 is applied, it links a customer and their login; while the step is rolled back, it
 * records the link that re-applying creates.
 *
 * @throws Failure EB_EMAIL_TAKEN, EB_WEAK_PASSWORD, EB_CUSTOMER_NOT_FREE
 */
export const createUser = async (
  { changes, clock }: ApiContext,
  { email, name, phone, password, role, customer_id: customerId }: z.output<typeof newUser>,
  by: Requester,
) => {
  const password_hash = await hashNewPassword(password, { email, name });
  const created_at = clock.now();
  return changes.transaction(async (tx, active) => {
    const linked = active.has("user-customer");
    if (customerId !== undefined) {
      const free = await tx
        .selectFrom("customers")
        .select("id")
        .where("id", "=", customerId)
        .where("user_id", "is", null)
        // Of two concurrent logins for a customer, the second waits here and then finds the first.
        .forUpdate()
        .executeTakeFirst();
      if (!free) throw customerNotFree({ id: customerId });
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
        verified_at: created_at,
        ...(linked && customerId !== undefined && { customer_id: customerId }),
      })
      .onConflict((conflict) => conflict.column("email").doNothing())
      .returning(userColumns)
      .executeTakeFirst();
    if (!user) throw emailTaken();
    if (customerId !== undefined && linked) {
      await tx.updateTable("customers").set({ user_id: user.id }).where("id", "=", customerId).execute();
    } else if (customerId !== undefined) {
      await tx.insertInto("intended_links").values({ user_id: user.id, customer_id: customerId }).execute();
    }
    const event = { action: "login-made", result: { user: user.id, role } } as const;
    await recordSecurityEvents(tx, { by, at: created_at, events: operatesPlatform(role) ? [event] : [] });
    return user;
  });
};
