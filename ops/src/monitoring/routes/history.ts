import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { type HistoryPoint, type HistoryRequest, historyPoint, type Resolution } from "../fleet/history.ts";
import { type FleetRouteOptions, periodOf, periodQuery } from "./period.ts";

export interface HistoryReader {
  history(request: HistoryRequest): Promise<HistoryPoint[]>;
}

const hourMs = 3_600_000;

/** Longest period shown by the minute by default; longer ones by the hour. */
const minutesUpToMs = 24 * hourMs;

/** Older data exists by the hour only. */
const minutesKeptMs = 72 * hourMs;

const historyQuery = z
  .strictObject({
    route: z.string().optional().describe("Template of the route; if omitted, all routes together."),
    method: z.string().optional().describe("Method of `route`; if omitted, all its methods together."),
    ...periodQuery,
    resolution: z
      .enum(["minute", "hour"])
      .optional()
      .describe("Default: minutes for up to a day in the last 72 hours, otherwise hours."),
  })
  .refine(({ route, method }) => route !== undefined || method === undefined, {
    path: ["method"],
    message: "needs a route: all routes together are kept without their methods",
  });

const history = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  resolution: z.enum(["minute", "hour"]),
  points: z.array(historyPoint),
});

/** `GET /api/health/history`: the requests of all instances over time, from the database. */
export const historyRoute: FastifyPluginAsyncZod<FleetRouteOptions<HistoryReader>> = async (
  app,
  { fleet, clock, operatorOnly },
) => {
  app.get(
    "/api/health/history",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["health"],
        summary:
          "Get a route over time, on all instances: minutes of the last 72 hours, hours of the last 90 days.",
        querystring: historyQuery,
        response: { 200: history },
      },
    },
    async ({ query: { route, method, ...query } }) => {
      const { from, to } = periodOf(query, clock);
      const short = to.getTime() - from.getTime() <= minutesUpToMs;
      const recent = from.getTime() >= clock.now().getTime() - minutesKeptMs;
      const resolution: Resolution = query.resolution ?? (short && recent ? "minute" : "hour");
      const points = await fleet.history({ route, method, from, until: to, resolution });
      return { from: from.toISOString(), to: to.toISOString(), resolution, points };
    },
  );
};
