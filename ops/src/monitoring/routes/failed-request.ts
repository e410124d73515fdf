import type { FastifyReply, FastifyRequest } from "fastify";
import type { FailedRequest } from "../fleet/error-counts.ts";
import { unmatchedRoute } from "../requests/request-metrics.ts";

/** What is counted of a request that got a response of 400 or more. */
export const failedRequestOf = (
  { method, routeOptions }: Pick<FastifyRequest, "method" | "routeOptions">,
  reply: Pick<FastifyReply, "raw" | "problemCode" | "problemStep">,
): FailedRequest => ({
  route: routeOptions.url ?? unmatchedRoute,
  method,
  status: reply.raw.statusCode,
  code: reply.problemCode ?? null,
  step: reply.problemStep ?? null,
});
