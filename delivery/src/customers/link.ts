import { defineFailure } from "@earlybird-ops/platform";
import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import { type Requester, recordSecurityEvents } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";
import { customerColumns, customerNotFound } from "./customer.ts";

const linksRolledBack = defineFailure({
  code: "EB_LINKS_ROLLED_BACK",
  status: 409,
  detail: "Logins and customers cannot be linked or unlinked while step 21 (user-customer) is rolled back.",
  remedy: "Ask an admin to re-apply step 21, then try again.",
});

const noCustomersLogin = defineFailure({
  code: "EB_NO_CUSTOMERS_LOGIN",
  status: 409,
  detail: "There is no login {id} with the role customer.",
  remedy: "Choose one from GET /api/users?role=customer.",
});

const linkedOtherwise = defineFailure({
  code: "EB_LINKED_OTHERWISE",
  status: 409,
  detail: "The customer {customer} or the login {user} is already linked to another.",
  remedy: "Unlink it first: POST /api/customers/:id/unlink.",
});

const notLinked = defineFailure({
  code: "EB_CUSTOMER_NOT_LINKED",
  status: 409,
  detail: "The customer {customer} has no login.",
  remedy: "No action is needed; POST /api/customers/:id/link links a login.",
});

/**
 * Links a customer and a login after staff have verified that they belong together. Idempotent.
 *
 * @throws Failure EB_LINKS_ROLLED_BACK, EB_CUSTOMER_NOT_FOUND, EB_NO_CUSTOMERS_LOGIN, EB_LINKED_OTHERWISE
 */
export const linkCustomer = (
  { changes, clock }: ApiContext,
  { id, userId, by }: { id: string; userId: string; by: Requester },
) =>
  changes.transaction(async (tx, active) => {
    const customer = await customerToLink(tx, active, id);
    const user = await tx
      .selectFrom("users")
      .select("customer_id")
      .where("id", "=", userId)
      .where("role", "=", "customer")
      .forUpdate()
      .executeTakeFirst();
    if (!user) throw noCustomersLogin({ id: userId });
    if (customer.user_id === userId && user.customer_id === id) return customer;
    if (customer.user_id !== null || user.customer_id !== null)
      throw linkedOtherwise({ customer: id, user: userId });
    const at = clock.now();
    await forgetIntentions(tx, id, userId);
    await tx
      .updateTable("users")
      .set({ customer_id: id, verified_at: at })
      .where("id", "=", userId)
      .execute();
    const linked = await setLogin(tx, id, userId);
    const result = { user: userId, customer: id };
    await recordSecurityEvents(tx, { by, at, events: [{ action: "login-linked", result }] });
    return linked;
  });

/**
 * Removes the link on both sides. The login is no longer verified, so that re-applying step 21 does not link it again.
 *
 * @throws Failure EB_LINKS_ROLLED_BACK, EB_CUSTOMER_NOT_FOUND, EB_CUSTOMER_NOT_LINKED
 */
export const unlinkCustomer = ({ changes, clock }: ApiContext, { id, by }: { id: string; by: Requester }) =>
  changes.transaction(async (tx, active) => {
    const { user_id } = await customerToLink(tx, active, id);
    if (user_id === null) throw notLinked({ customer: id });
    await forgetIntentions(tx, id, user_id);
    await tx
      .updateTable("users")
      .set({ customer_id: null, verified_at: null })
      .where("id", "=", user_id)
      .execute();
    const unlinked = await setLogin(tx, id, null);
    const result = { user: user_id, customer: id };
    await recordSecurityEvents(tx, {
      by,
      at: clock.now(),
      events: [{ action: "login-unlinked", result }],
    });
    return unlinked;
  });

/** Locked, before any login is: in the same order as where logins are made. */
const customerToLink = async (tx: DeliveryDatabase, active: ActiveBehaviours, id: string) => {
  if (!active.has("user-customer")) throw linksRolledBack({}, { step: 21 });
  const customer = await tx
    .selectFrom("customers")
    .select(customerColumns)
    .where("id", "=", id)
    .forUpdate()
    .executeTakeFirst();
  if (!customer) throw customerNotFound({ id });
  return customer;
};

const forgetIntentions = (tx: DeliveryDatabase, customer: string, user: string) =>
  tx
    .deleteFrom("intended_links")
    .where((eb) => eb.or([eb("customer_id", "=", customer), eb("user_id", "=", user)]))
    .execute();

const setLogin = (tx: DeliveryDatabase, id: string, user_id: string | null) =>
  tx
    .updateTable("customers")
    .set({ user_id })
    .where("id", "=", id)
    .returning(customerColumns)
    .executeTakeFirstOrThrow();
