export { endMendedFailures } from "./failed-runs.ts";
export { billingRoutes } from "./routes.ts";
