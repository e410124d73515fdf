import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { type Series, type SeriesRequest, seriesMetrics } from "../fleet/series.ts";
import { type FleetRouteOptions, periodOf, periodQuery } from "./period.ts";

export interface SeriesReader {
  series(request: SeriesRequest): Promise<Series>;
}

const metricNames = z.enum(seriesMetrics);

const seriesQuery = z
  .strictObject({
    metrics: z
      .string()
      .transform((text) => text.split(","))
      .pipe(z.array(metricNames).min(1))
      .describe(`Names separated by commas, of: ${seriesMetrics.map((name) => `\`${name}\``).join(", ")}.`),
    route: z
      .string()
      .optional()
      .describe("Template of a route, for the metrics of requests; if omitted, all routes together."),
    method: z.string().optional().describe("Method of `route`; if omitted, all its methods together."),
    ...periodQuery,
    points: z.coerce
      .number()
      .int()
      .min(1)
      .max(1_500)
      .default(240)
      .describe("At most this many points, and one for the part of a point before `from`."),
  })
  .refine(({ route, method }) => route !== undefined || method === undefined, {
    path: ["method"],
    message: "needs a route: all routes together are kept without their methods",
  });

const series = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  step_seconds: z.int().describe("Length of a point; a multiple of a minute or an hour."),
  times: z.array(z.int()).describe("The beginnings of the points, in Unix seconds."),
  series: z
    .partialRecord(metricNames, z.array(z.number().nullable()))
    .describe(
      "For each metric one value per point; null if nothing was recorded. Percentiles, maxima, waits and the state of " +
        "the database are the highest of the point; CPU and memory are means over time and instances.",
    ),
});

/** `GET /api/health/series`: metrics of requests, processes and database over time, in columns. */
export const seriesRoute: FastifyPluginAsyncZod<FleetRouteOptions<SeriesReader>> = async (
  app,
  { fleet, clock, operatorOnly },
) => {
  app.get(
    "/api/health/series",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary:
          "Get metrics over time in columns, on all instances: up to a day by the minute, longer ranges by the hour.",
        querystring: seriesQuery,
        response: { 200: series },
      },
    },
    async ({ query: { metrics, route, method, points, ...query } }) => {
      const { from, to } = periodOf(query, clock);
      const found = await fleet.series({ metrics, route, method, from, until: to, points });
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        step_seconds: found.stepSeconds,
        times: found.times,
        series: found.columns,
      };
    },
  );
};
