export { forgetOldKeys } from "./claims.ts";
export { acceptIdempotencyKeys } from "./keyed-routes.ts";
export { rememberWork } from "./transaction-results.ts";
