export { readCourier, unassignedAreas } from "./courier.ts";
export { courierRoutes } from "./routes.ts";
export { isStopOf, ownRound, requireOwnStop, roundOf } from "./stops.ts";
