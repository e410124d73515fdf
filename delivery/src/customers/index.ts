export { customerNotFound, requireServedCustomer } from "./customer.ts";
export { customerRoutes } from "./routes.ts";
