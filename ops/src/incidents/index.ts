export { incidentRoute } from "./routes.ts";
