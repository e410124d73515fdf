export { customerNotFound, requireServedCustomer } from "./customer.ts";
export { linkRoutes } from "./link-routes.ts";
export { customerRoutes } from "./routes.ts";
