export { type SuspectRoutesOptions, suspectRoutes } from "./routes.ts";
