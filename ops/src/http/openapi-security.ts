import type { FastifyInstance } from "fastify";

/** Routes without login, for probes; all other routes of the platform are for operators. */
const open = new Set(["/livez", "/readyz", "/api/health"]);

/** Adds the security requirement to the OpenAPI document for each route registered after it in this scope. */
export const describeSecurity = (scope: FastifyInstance, scheme: string): void => {
  scope.addHook("onRoute", (route) => {
    const needed = open.has(route.url) ? [] : [{ [scheme]: [] }];
    route.schema = { ...route.schema, security: route.schema?.security ?? needed };
  });
};
