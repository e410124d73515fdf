import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { type HistoryPoint, type HistoryRequest, historyPoint, type Resolution } from "../fleet/history.ts";

export interface HistoryRouteOptions {
  fleet: { history(request: HistoryRequest): Promise<HistoryPoint[]> };
  clock: Clock;
  /** Refuses requests that are not from an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const hourMs = 3_600_000;

/** Longest period shown by the minute by default; longer ones by the hour. */
const minutesUpToMs = 24 * hourMs;

/** Older data exists by the hour only. */
const minutesKeptMs = 72 * hourMs;

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

const historyQuery = z
  .strictObject({
    route: z.string().optional().describe("Template of the route; if omitted, all routes together."),
    method: z.string().optional().describe("Method of `route`; if omitted, all its methods together."),
    from: time.describe("Default: an hour before `to`."),
    to: time.describe("Default: now."),
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
export const historyRoute: FastifyPluginAsyncZod<HistoryRouteOptions> = async (
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
      const to = query.to ?? clock.now();
      const from = query.from ?? new Date(to.getTime() - hourMs);
      const short = to.getTime() - from.getTime() <= minutesUpToMs;
      const recent = from.getTime() >= clock.now().getTime() - minutesKeptMs;
      const resolution: Resolution = query.resolution ?? (short && recent ? "minute" : "hour");
      const points = await fleet.history({ route, method, from, until: to, resolution });
      return { from: from.toISOString(), to: to.toISOString(), resolution, points };
    },
  );
};
