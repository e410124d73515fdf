import type { FastifyInstance } from "fastify";

/** What machines ask that cannot log in; everything else of the platform is for operators. */
const open = new Set(["/livez", "/readyz", "/api/health"]);

/** Has the OpenAPI document say of each route that is registered after it in this scope who may use it. */
export const describeSecurity = (scope: FastifyInstance, scheme: string): void => {
  scope.addHook("onRoute", (route) => {
    route.schema = { ...route.schema, security: open.has(route.url) ? [] : [{ [scheme]: [] }] };
  });
};
