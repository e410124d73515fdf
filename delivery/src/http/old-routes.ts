import type { HTTPMethods } from "fastify";

export interface OldRoute {
  method: HTTPMethods;
  from: string;
  to: string;
}

/** The paths before step 28, and the path that replaces each. The method and `:id` stay. */
export const oldRoutes: readonly OldRoute[] = [
  { method: "GET", from: "/api/orders/list", to: "/api/orders" },
  { method: "POST", from: "/api/orders/create", to: "/api/orders" },
  { method: "GET", from: "/api/orders/details/:id", to: "/api/orders/:id" },
  { method: "POST", from: "/api/orders/cancel/:id", to: "/api/orders/:id/cancel" },
  { method: "POST", from: "/api/orders/generate-day", to: "/api/orders/generate" },
  { method: "GET", from: "/api/subscriptions/list", to: "/api/subscriptions" },
  { method: "POST", from: "/api/subscriptions/create", to: "/api/subscriptions" },
  { method: "GET", from: "/api/subscriptions/details/:id", to: "/api/subscriptions/:id" },
  { method: "PATCH", from: "/api/subscriptions/update/:id", to: "/api/subscriptions/:id" },
  { method: "POST", from: "/api/subscriptions/pause/:id", to: "/api/subscriptions/:id/pause" },
  { method: "POST", from: "/api/subscriptions/resume/:id", to: "/api/subscriptions/:id/resume" },
  { method: "POST", from: "/api/subscriptions/cancel/:id", to: "/api/subscriptions/:id/cancel" },
  { method: "GET", from: "/api/delivery-boy/route", to: "/api/deliveries/route" },
  { method: "GET", from: "/api/delivery-boy/deliveries", to: "/api/deliveries" },
  { method: "POST", from: "/api/delivery-boy/mark-delivered", to: "/api/deliveries/confirm" },
  { method: "POST", from: "/api/delivery-boy/start-round", to: "/api/deliveries/start-round" },
  { method: "POST", from: "/api/delivery-boy/correct/:id", to: "/api/deliveries/:id/correct" },
  { method: "GET", from: "/api/delivery-boy/corrections/:id", to: "/api/deliveries/:id/corrections" },
  { method: "GET", from: "/api/products/all", to: "/api/products" },
  { method: "GET", from: "/api/products/details/:id", to: "/api/products/:id" },
  { method: "POST", from: "/api/products/create", to: "/api/products" },
  { method: "PATCH", from: "/api/products/update/:id", to: "/api/products/:id" },
];
