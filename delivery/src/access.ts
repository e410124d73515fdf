import { type Role, roles } from "./database.ts";

const anyLogin = roles;
const management: readonly Role[] = ["admin", "operator"];
const office: readonly Role[] = ["admin", "operator", "support"];
/** Customers reach what is their own through these; see `ownCustomer`. */
const officeAndCustomers: readonly Role[] = [...office, "customer"];
const rounds: readonly Role[] = [...management, "delivery"];

/**
 * Who may use which route: the one place to look, and the list from which step 24 knows what it exposes.
 * A route that is not in it does not start. `public` needs no login, with step 24 or without.
 */
export const access: Readonly<Record<string, "public" | readonly Role[]>> = {
  "POST /api/auth/login": "public",
  "POST /api/auth/register": "public",
  "POST /api/auth/accept-invitation": "public",
  "GET /api/auth/me": anyLogin,

  "GET /api/users": management,
  "POST /api/users": ["admin"],
  "PATCH /api/users/:id": ["admin"],

  "GET /api/customers": office,
  "GET /api/customers/:id": officeAndCustomers,
  "POST /api/customers": office,
  "PATCH /api/customers/:id": officeAndCustomers,

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

  "POST /api/shared-links": officeAndCustomers,
  "GET /api/shared-links/:token": "public",
  "POST /api/shared-links/:token/confirm": "public",

  "GET /api/billing": [...management, "customer"],
  "POST /api/billing/generate": management,

  "GET /api/dashboard": [...management, "marketing"],
};
