export { firstOpenDay, requireBeforeCutOff } from "./cut-off.ts";
export { type LockedOrder, lockOrder } from "./order.ts";
export { orderRoutes } from "./routes.ts";
