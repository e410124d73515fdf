import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { HistoryPoint, HistoryRequest, Resolution } from "../fleet/history.ts";
import { intervalSummary } from "./schemas.ts";

export interface HistoryRouteOptions {
  fleet: { history(request: HistoryRequest): Promise<HistoryPoint[]> };
  clock: Clock;
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const hourMs = 3_600_000;

/** A day of minutes can be looked at; of more, the hours. */
const minutesUpToMs = 24 * hourMs;

/** What is older has its hours only. */
const minutesKeptMs = 72 * hourMs;

const time = z.iso
  .datetime({ offset: true })
  .transform((text) => new Date(text))
  .optional();

const question = z
  .strictObject({
    route: z.string().optional().describe("The route's template; left out, all routes together."),
    method: z.string().optional().describe("Of `route`; left out, all its methods together."),
    from: time.describe("Left out, an hour before `to`."),
    to: time.describe("Left out, now."),
    resolution: z
      .enum(["minute", "hour"])
      .optional()
      .describe("Left out, minutes of up to a day in the last 72 hours, else hours."),
  })
  .refine(({ route, method }) => route !== undefined || method === undefined, {
    path: ["method"],
    message: "needs a route: all routes together are kept without their methods",
  });

const answer = z.object({
  from: z.iso.datetime(),
  to: z.iso.datetime(),
  resolution: z.enum(["minute", "hour"]),
  points: z.array(intervalSummary.extend({ at: z.iso.datetime() })),
});

/** `GET /api/health/history`: what all instances did over time, read from the database. */
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
          "A route over time, on all instances: minutes of the last 72 hours, hours of the last 90 days.",
        querystring: question,
        response: { 200: answer },
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
