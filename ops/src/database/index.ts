export { type DatabaseOptions, type OpenDatabase, openDatabase } from "./open.ts";
export { createPool } from "./pool.ts";
export { demandDirectConnection } from "./pooler.ts";
export { isDatabaseUnavailable } from "./unavailable.ts";
