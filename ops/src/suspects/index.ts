export { type Investigation, investigate, type SuspectSources } from "./investigate.ts";
export { type SuspectRoutesOptions, suspectRoutes } from "./routes.ts";
