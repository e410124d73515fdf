import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Since, SinceRequest } from "../fleet/since.ts";
import type { FleetRouteOptions } from "./period.ts";

export interface SinceReader {
  since(request: SinceRequest): Promise<Since>;
}

const counts = {
  requests: z.int(),
  errors: z.int().describe("As in `/api/health/metrics`."),
  mean_ms: z.number(),
  statuses: z.object({ "1xx": z.int(), "2xx": z.int(), "3xx": z.int(), "4xx": z.int(), "5xx": z.int() }),
};

const since = z.object({
  at: z.iso.datetime(),
  until: z.iso.datetime().nullable().describe("The end of the newest interval; null without requests."),
  precision: z
    .enum(["seconds", "minutes"])
    .describe(
      "Requests are counted in intervals of about 5 seconds for a quarter of an hour, then of minutes. An interval that " +
        "had begun at `at` is not counted.",
    ),
  ...counts,
  routes: z.array(z.object({ route: z.string(), method: z.string(), ...counts })),
});

/** `GET /api/health/since`: the requests since a moment, to verify a move by. */
export const sinceRoute: FastifyPluginAsyncZod<FleetRouteOptions<SinceReader>> = async (
  app,
  { fleet, operatorOnly },
) => {
  app.get(
    "/api/health/since",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary:
          "Count the requests to all instances since a moment of the last 72 hours, such as the end of a move.",
        querystring: z.strictObject({
          at: z.iso.datetime({ offset: true }).transform((text) => new Date(text)),
          route: z.string().optional().describe("Template of the route; if omitted, all routes."),
          method: z.string().optional(),
        }),
        response: { 200: since },
      },
    },
    async ({ query }) => {
      const { precision, until, routes } = await fleet.since(query);
      return {
        at: query.at.toISOString(),
        until: until?.toISOString() ?? null,
        precision,
        ...countsOf(routes),
        routes: routes.map((each) => ({ route: each.route, method: each.method, ...countsOf([each]) })),
      };
    },
  );
};

const countsOf = (routes: Since["routes"]) => {
  const sum = (of: (route: Since["routes"][number]) => number) =>
    routes.reduce((total, route) => total + of(route), 0);
  const status = (statusClass: number) => sum(({ statuses }) => statuses[statusClass - 1] ?? 0);
  const requests = sum((route) => route.requests);
  const meanMs = sum((route) => route.total_ms) / Math.max(requests, 1);
  return {
    requests,
    errors: sum((route) => route.errors),
    mean_ms: Math.round(meanMs * 1000) / 1000,
    statuses: { "1xx": status(1), "2xx": status(2), "3xx": status(3), "4xx": status(4), "5xx": status(5) },
  };
};
