export { forgetOldKeys } from "./claims.ts";
export { acceptIdempotencyKeys } from "./keyed-routes.ts";
export { rememberWork } from "./remembered-work.ts";
