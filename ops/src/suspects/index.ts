export { type Investigation, investigate, type SuspectSources } from "./investigate.ts";
export { type SuspectRoutesOptions, suspectRoutes } from "./routes.ts";
export { describeMove, nameSteps, operationNouns } from "./wording.ts";
