import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { readCursor } from "./cursor.ts";
import { type TimelineKind, timelineKinds, timelinePage } from "./entry.ts";
import { periodOf, periodQuery } from "./period.ts";
import { readTimeline } from "./read.ts";
import type { TimelineSource } from "./sources.ts";

const kindsPattern = new RegExp(`^(${timelineKinds.join("|")})(,(${timelineKinds.join("|")}))*$`);

export interface TimelineRouteOptions {
  sources: readonly TimelineSource[];
  clock: Clock;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** What happened in the service: operations, alerts, mutes, starts of instances, releases. */
export const timelineRoute: FastifyPluginAsyncZod<TimelineRouteOptions> = async (
  app,
  { sources, clock, operatorOnly },
) => {
  app.get(
    "/api/timeline",
    {
      onRequest: operatorOnly,
      config: { problems: [400, 422] },
      schema: {
        tags: ["timeline"],
        summary: "List operations, alerts, mutes, starts of instances and releases that began in a period.",
        description: "Newest first, at most 90 days. What begins meanwhile does not shift the pages.",
        querystring: z.strictObject({
          ...periodQuery,
          kinds: z
            .string()
            .regex(kindsPattern)
            .optional()
            .describe("Separated by commas, such as `operation,alert`. Default: all."),
          limit: z.coerce.number().int().min(1).max(500).default(100),
          cursor: z.string().max(200).optional().describe("Takes the place of `from` and `to`."),
        }),
        response: { 200: timelinePage },
      },
    },
    async ({ query, log }) => {
      const cursor = query.cursor === undefined ? undefined : readCursor(query.cursor);
      const request = {
        ...periodOf(cursor ?? query, clock.now()),
        kinds: (query.kinds?.split(",") ?? timelineKinds) as readonly TimelineKind[],
        limit: query.limit,
        cursor,
      };
      return readTimeline(sources, request, (kind, err) =>
        log.warn({ err, kind }, "a source of the timeline could not be read"),
      );
    },
  );
};
