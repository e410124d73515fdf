import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ErrorCount, ErrorsRequest } from "../fleet/error-counts.ts";
import { type FleetRouteOptions, periodQuery } from "./period.ts";

export interface ErrorReader {
  errors(request: ErrorsRequest): Promise<{ scope: "fleet" | "instance"; errors: ErrorCount[] }>;
}

const windowMinutes = { "5m": 5, "15m": 15, "1h": 60, "6h": 360, "24h": 1_440, "72h": 4_320 } as const;
type Window = keyof typeof windowMinutes;
const windows = Object.keys(windowMinutes) as [Window, ...Window[]];

const errorsQuery = z.strictObject({
  window: z.enum(windows).default("1h").describe("The time before `to`; has no effect with `from`."),
  route: z.string().optional().describe("Template of a route; if omitted, all routes."),
  method: z.string().optional(),
  ...periodQuery,
  from: periodQuery.from.describe("Instead of `window`. Errors are kept for 72 hours."),
});

const errorCount = z.object({
  route: z
    .string()
    .describe("Template of the route; `(other)` for the rest of a minute with very many kinds."),
  method: z.string(),
  status: z.int(),
  code: z.string().nullable().describe("The error code of the response; null if it had none."),
  step: z.int().nullable().describe("The change whose behaviour raised the error; null if none did."),
  count: z.int(),
  first: z.iso.datetime(),
  last: z.iso.datetime(),
});

const errors = z.object({
  from: z.iso.datetime().describe("The window begins with this minute."),
  to: z.iso.datetime(),
  scope: z
    .enum(["fleet", "instance"])
    .describe("instance: the database is unavailable, and this process reports its own last hour."),
  errors: z.array(errorCount).describe("The 500 most frequent."),
});

/** `GET /api/health/errors`: which responses of 400 and more there were, by route, status, code and step. */
export const errorsRoute: FastifyPluginAsyncZod<FleetRouteOptions<ErrorReader>> = async (
  app,
  { fleet, clock, operatorOnly },
) => {
  app.get(
    "/api/health/errors",
    {
      onRequest: operatorOnly,
      logLevel: "error",
      schema: {
        tags: ["health"],
        summary: "Count the responses of 400 and more in a period, by route, status, code and step.",
        querystring: errorsQuery,
        response: { 200: errors },
      },
    },
    async ({ query }) => {
      const to = query.to ?? clock.now();
      const since = query.from ?? new Date(to.getTime() - windowMinutes[query.window] * 60_000);
      const from = new Date(Math.floor(since.getTime() / 60_000) * 60_000);
      const found = await fleet.errors({ from, to, route: query.route, method: query.method });
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        scope: found.scope,
        errors: found.errors.map(({ first, last, ...error }) => ({
          ...error,
          first: first.toISOString(),
          last: last.toISOString(),
        })),
      };
    },
  );
};
