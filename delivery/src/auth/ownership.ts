import { defineFailure } from "@earlybird-ops/platform";
import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { FastifyRequest } from "fastify";
import { loginOf } from "./guard.ts";

const notYours = defineFailure({
  code: "EB_NOT_YOURS",
  status: 403,
  detail: "You can do this only for your own customer.",
  remedy: "Omit customer_id, or send your own.",
});

const customerNeeded = defineFailure({
  code: "EB_CUSTOMER_NEEDED",
  status: 400,
  detail: "customer_id is missing.",
  remedy: "Send customer_id; only a customer's own login can omit it.",
});

/**
 * The customer to whose rows this request is limited; undefined if it has access to all rows. For a customer, the rows of
 * others do not exist (404). This is part of the role checks: while step 24 is rolled back, there is no limit.
 */
export const ownCustomer = (request: FastifyRequest, active: ActiveBehaviours): string | undefined => {
  const { role, customer_id } = loginOf(request);
  return role === "customer" && active.has("role-checks") ? (customer_id ?? undefined) : undefined;
};

/** Whether a customer asks, rather than somebody of the business; also while step 24 is rolled back. */
export const isCustomer = (request: FastifyRequest): boolean => loginOf(request).role === "customer";

/**
 * The customer of a new row: the requested one, or the current customer.
 *
 * @throws Failure EB_NOT_YOURS, EB_CUSTOMER_NEEDED
 */
export const customerFor = (
  request: FastifyRequest,
  active: ActiveBehaviours,
  asked: string | undefined,
): string => {
  const own = ownCustomer(request, active);
  if (own !== undefined && asked !== undefined && asked !== own) throw notYours({}, { step: 24 });
  const customer = asked ?? own ?? loginOf(request).customer_id;
  if (customer === null) throw customerNeeded();
  return customer;
};
