export { sharedLinkRoutes } from "./routes.ts";
