import { type Role, roles } from "./database.ts";

/** Needs one of these roles, also while step 24 is rolled back. */
interface Always {
  always: readonly Role[];
}

/** `public` needs no login. A list of roles is checked by step 24, which lets every login in while it is rolled back. */
export type Rule = "public" | readonly Role[] | Always;

/**
 * For what decides who may do what: logins, roles, invitations, sessions, links. Under step 24 a stranger could become an
 * admin while it is rolled back, and would stay one.
 */
const always = (allowed: readonly Role[]): Always => ({ always: allowed });

const anyLogin = roles;
const management: readonly Role[] = ["admin", "operator"];
const office: readonly Role[] = ["admin", "operator", "support"];
/** Customers reach what is their own through these; see `ownCustomer`. */
const officeAndCustomers: readonly Role[] = [...office, "customer"];
const rounds: readonly Role[] = [...management, "delivery"];

/**
 * Who may use which route: the one place to look, and the list from which step 24 knows what it exposes.
 * A route that is not in it does not start.
 */
export const access: Readonly<Record<string, Rule>> = {
  "POST /api/auth/login": "public",
  "POST /api/auth/register": "public",
  "POST /api/auth/accept-invitation": "public",
  "POST /api/auth/refresh": "public",
  "POST /api/auth/password-reset": "public",
  "POST /api/auth/password-reset/confirm": "public",
  "GET /api/auth/me": anyLogin,
  "GET /api/auth/sessions": anyLogin,
  "DELETE /api/auth/sessions/:id": anyLogin,
  "POST /api/auth/logout": anyLogin,
  "POST /api/auth/logout-everywhere": anyLogin,
  "POST /api/auth/password": anyLogin,
  "POST /api/auth/reauthenticate": anyLogin,
  "POST /api/auth/totp/enrol": anyLogin,
  "POST /api/auth/totp/confirm": anyLogin,
  "POST /api/auth/totp/remove": anyLogin,

  "GET /api/users": always(management),
  "POST /api/users": always(["admin"]),
  "PATCH /api/users/:id": always(["admin"]),
  "POST /api/users/:id/end-sessions": always(["admin"]),

  "GET /api/customers": office,
  "GET /api/customers/:id": officeAndCustomers,
  "POST /api/customers": office,
  "PATCH /api/customers/:id": officeAndCustomers,
  "POST /api/customers/:id/link": always(office),
  "POST /api/customers/:id/unlink": always(office),

  "GET /api/products": anyLogin,
  "GET /api/products/:id": anyLogin,
  "POST /api/products": management,
  "PATCH /api/products/:id": management,

  "GET /api/subscriptions": officeAndCustomers,
  "GET /api/subscriptions/:id": officeAndCustomers,
  "POST /api/subscriptions": officeAndCustomers,
  "PATCH /api/subscriptions/:id": officeAndCustomers,
  "POST /api/subscriptions/:id/pause": officeAndCustomers,
  "POST /api/subscriptions/:id/resume": officeAndCustomers,
  "POST /api/subscriptions/:id/cancel": officeAndCustomers,

  "GET /api/orders": officeAndCustomers,
  "GET /api/orders/:id": officeAndCustomers,
  "POST /api/orders": officeAndCustomers,
  "POST /api/orders/:id/cancel": officeAndCustomers,
  "POST /api/orders/generate": management,

  "GET /api/deliveries": office,
  "GET /api/deliveries/route": rounds,
  "POST /api/deliveries/confirm": rounds,
  "POST /api/deliveries/start-round": rounds,
  "POST /api/deliveries/:id/correct": office,
  "GET /api/deliveries/:id/corrections": office,

  "GET /api/couriers": office,
  "PUT /api/couriers/:id/areas": management,
  "GET /api/couriers/assignments": office,
  "POST /api/couriers/assignments": management,
  "DELETE /api/couriers/assignments/:delivery_date/:customer_id": management,

  "POST /api/shared-links": officeAndCustomers,
  "GET /api/shared-links/:token": "public",
  "POST /api/shared-links/:token/confirm": "public",

  "GET /api/billing": [...management, "customer"],
  "GET /api/billing/:id": [...management, "customer"],
  "GET /api/billing/statement": [...management, "customer"],
  "POST /api/billing/generate": management,
  "POST /api/billing/issue": management,
  "POST /api/billing/:id/issue": management,
  "POST /api/billing/:id/pay": management,
  "POST /api/billing/:id/void": management,

  "GET /api/dashboard": [...management, "marketing"],
};

/** The roles that a rule asks for; null where no login is needed. */
export const rolesOf = (rule: Rule): readonly Role[] | null => {
  if (rule === "public") return null;
  return "always" in rule ? rule.always : rule;
};

/** Whether some login is refused by the rule while step 24 is applied, and by nothing while it is rolled back. */
export const isExposedByStep24 = (rule: Rule): rule is readonly Role[] =>
  rule !== "public" && !("always" in rule) && roles.some((role) => !rule.includes(role));
