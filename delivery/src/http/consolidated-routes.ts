import { defineFailure } from "@earlybird-ops/platform";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { ApiContext } from "../context.ts";
import { type OldRoute, oldRoutes } from "./old-routes.ts";

const consolidated = /^\/api\/(orders|subscriptions|deliveries|products)(\/|$)/;

const consolidatedRoutesRolledBack = defineFailure({
  code: "EB_CONSOLIDATED_ROUTES_ROLLED_BACK",
  status: 404,
  detail: "There is no {route} at the moment: step 28 (consolidated-routes) is rolled back.",
  remedy: "Use {old}, or ask the operator to re-apply step 28.",
});

/**
 * Step 28, for the routes that are registered after this in the scope `api`. While it is applied, the old paths redirect to
 * the new ones: after a 308, older clients repeat method and body. While it is rolled back, the new paths do not exist.
 * The state is read when a request arrives, before anything else; a later change does not affect the request.
 */
export const gateConsolidatedRoutes = (
  api: FastifyInstance,
  { changes }: Pick<ApiContext, "changes">,
): void => {
  api.addHook("onRoute", (route) => {
    if (!consolidated.test(route.url)) return;
    const old = oldRouteOf(route);
    const gate = async (request: FastifyRequest, reply: FastifyReply) => {
      const here = request.routeOptions.url;
      const isNew = here === route.url;
      if (isNew === changes.active.has("consolidated-routes")) return;
      if (isNew)
        throw consolidatedRoutesRolledBack(
          { route: `${request.method} ${here}`, old: `${old.method} ${old.from}` },
          { step: 28 },
        );
      return reply.redirect(newAddress(request, route.url), 308);
    };
    route.onRequest = [...[route.onRequest ?? []].flat(), gate];
    route.config = { ...route.config, problems: [...(route.config?.problems ?? []), 404] };
  });
};

/**
 * Registers the old path of each of these routes in `app`, as a copy of the route with the same hooks, access rule, schema
 * and handler. Call this after all other hooks that modify routes.
 */
export const addOldPaths = (api: FastifyInstance, app: FastifyInstance): void => {
  api.addHook("onRoute", (route) => {
    if (route.method === "HEAD" || !consolidated.test(route.url)) return;
    const { method, schema, onRequest = [], preHandler = [], onSend = [], handler } = route;
    const { from } = oldRouteOf(route);
    const hooks = { onRequest, preHandler, onSend };
    app.route({ method, url: from, schema: { ...schema, hide: true }, ...hooks, handler });
  });
};

const oldRouteOf = ({ method, url }: { method: unknown; url: string }): OldRoute => {
  const asked = method === "HEAD" ? "GET" : method;
  const old = oldRoutes.find((route) => route.method === asked && route.to === url);
  if (!old) throw new Error(`${asked} ${url} has no old path in http/old-routes.ts`);
  return old;
};

const newAddress = ({ url, params }: FastifyRequest, to: string): string => {
  const path = to.replace(":id", encodeURIComponent((params as { id?: string }).id ?? ""));
  const queryAt = url.indexOf("?");
  return queryAt < 0 ? path : path + url.slice(queryAt);
};
