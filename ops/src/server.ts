export { type Clock, systemClock } from "./lib/clock.ts";
export { Failure, type Problem } from "./lib/failure.ts";
export { createLogger, type Logger } from "./lib/log.ts";
export { readSettings, type Settings } from "./lib/settings.ts";
