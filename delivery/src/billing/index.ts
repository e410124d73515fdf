export { noteDayForBilling, noteForBilling } from "./deliveries-to-bill.ts";
export { endMendedFailures } from "./failed-runs.ts";
export { billingRoutes } from "./routes.ts";
