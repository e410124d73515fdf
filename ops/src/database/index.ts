export { createPool } from "./pool.ts";
export { isDatabaseUnavailable } from "./unavailable.ts";
