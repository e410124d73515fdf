import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { investigate, type SuspectSources } from "./investigate.ts";
import { suspectSchema } from "./suspects.ts";

export interface SuspectRoutesOptions {
  sources: SuspectSources;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** Operations, instance starts and releases near the beginning of an alert. */
export const suspectRoutes: FastifyPluginAsyncZod<SuspectRoutesOptions> = async (
  app,
  { sources, operatorOnly },
) => {
  app.get(
    "/api/alerts/:id/suspects",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["alerts"],
        summary: "List operations, instance starts and releases from before an alert fired, with evidence.",
        description:
          "Those of the hour before the symptoms began, and rollbacks of steps that affect the alert and were still rolled " +
          "back. First those whose change declares that it affects the route or type of the alert, then the latest.",
        params: z.strictObject({ id: z.string().max(64) }),
        response: {
          200: z.object({
            from: z.iso.datetime().describe("The beginning of the time considered."),
            to: z.iso.datetime().describe("Its end: when the alert fired."),
            suspects: z.array(suspectSchema),
          }),
        },
      },
    },
    ({ params }) => investigate(sources, params.id),
  );
};
