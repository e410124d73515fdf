export { forgetOldKeys } from "./claims.ts";
export { acceptIdempotencyKeys } from "./keyed-routes.ts";
export { withStoredResults } from "./transaction-results.ts";
