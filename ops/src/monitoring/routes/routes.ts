import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { fleetEndpoint } from "../fleet/fleet-summary.ts";
import type { RoutesOverTime, RoutesRequest } from "../fleet/routes-over-time.ts";
import { type FleetRouteOptions, periodOf, periodQuery } from "./period.ts";

export interface RoutesReader {
  routes(request: RoutesRequest): Promise<RoutesOverTime>;
}

const routesQuery = z.strictObject({
  ...periodQuery,
  points: z.coerce
    .number()
    .int()
    .min(1)
    .max(240)
    .default(60)
    .describe("At most this many, and one for the part of a point before `from`."),
});

const byPoint = z.array(z.int());

const routes = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  step_seconds: z.int().describe("Length of a point; a multiple of a minute or an hour."),
  times: z.array(z.int()).describe("The beginnings of the points, in Unix seconds."),
  routes: z
    .array(
      fleetEndpoint.extend({
        requests_by_point: byPoint.describe("One value per point."),
        errors_by_point: byPoint.describe("One value per point."),
      }),
    )
    .describe("The routes that had requests; percentiles are those of the whole period."),
});

/** `GET /api/health/routes`: all routes over a period, each with its requests over time, from the database. */
export const routesRoute: FastifyPluginAsyncZod<FleetRouteOptions<RoutesReader>> = async (
  app,
  { fleet, clock, operatorOnly },
) => {
  app.get(
    "/api/health/routes",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary:
          "List the routes of a period with percentiles and their requests over time, on all instances.",
        querystring: routesQuery,
        response: { 200: routes },
      },
    },
    async ({ query: { points, ...query } }) => {
      const { from, to } = periodOf(query, clock);
      const found = await fleet.routes({ from, until: to, points });
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        step_seconds: found.stepSeconds,
        times: found.times,
        routes: found.routes,
      };
    },
  );
};
