import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AlertManager } from "../manager.ts";
import { alert } from "./schemas.ts";

export interface AcknowledgingOptions {
  alerts: AlertManager;
  /** The operator of a request. */
  by: (request: FastifyRequest) => string;
}

const tags = ["alerts"];
const params = z.strictObject({ id: z.string().max(64) });
const note = z.string().trim().max(500).nullish().describe("such as what is being done");

/** Acknowledges alerts. Authorization happens before. */
export const acknowledgingRoutes: FastifyPluginAsyncZod<AcknowledgingOptions> = async (
  app,
  { alerts, by },
) => {
  app.post(
    "/api/alerts/:id/acknowledge",
    {
      config: { problems: [404, 409] },
      schema: {
        tags,
        summary:
          "Stop the reminders of an alert until it resolves or becomes more severe. Its end is still sent.",
        params,
        body: z.strictObject({ note }).nullish(),
        response: { 200: alert },
      },
    },
    (request) => alerts.acknowledge({ id: request.params.id, note: request.body?.note, author: by(request) }),
  );

  app.delete(
    "/api/alerts/:id/acknowledge",
    {
      config: { problems: [404, 409] },
      schema: {
        tags,
        summary: "Withdraw the acknowledgement of an alert. Reminders continue.",
        params,
        response: { 200: alert },
      },
    },
    (request) => alerts.unacknowledge({ id: request.params.id, author: by(request) }),
  );
};
