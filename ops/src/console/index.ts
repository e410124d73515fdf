export { useCredentials } from "./cookie-login.ts";
export { figuresRoute } from "./figures-route.ts";
export type { LiveSources } from "./live/hub.ts";
export { liveRoute } from "./live/route.ts";
export type { ConsoleFigure, ConsoleLogin, ConsoleOptions, ConsoleUnit } from "./options.ts";
export { consolePages } from "./pages.ts";
export { createSealer } from "./seal.ts";
export { notForConsole, sessionRoutes } from "./session-routes.ts";
export { settingsRoute } from "./settings-route.ts";
