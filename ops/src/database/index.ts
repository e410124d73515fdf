export { type DatabaseOptions, type OpenDatabase, openDatabase } from "./connect.ts";
export { isDatabaseUnavailable } from "./is-unavailable.ts";
export { createPool } from "./pool.ts";
export { demandDirectConnection } from "./pooler.ts";
