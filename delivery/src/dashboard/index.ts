export { consoleFigures } from "./console-figures.ts";
export { dashboardRoutes } from "./routes.ts";
