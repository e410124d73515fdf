import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { maintenanceEvent } from "../incidents/mute-event.ts";
import type { MutingOptions } from "./mute.ts";
import { maintenanceWindow, reason, schedule, scope } from "./schemas.ts";

const tags = ["alerts"];

/** Planned mutes. Authorization happens before. */
export const maintenanceRoutes: FastifyPluginAsyncZod<Omit<MutingOptions, "dispatcher">> = async (
  app,
  { alerts, by, onSecurityMute },
) => {
  app.get(
    "/api/alerts/maintenance",
    {
      schema: {
        tags,
        summary: "List the maintenance windows, the next one first.",
        response: { 200: z.object({ windows: z.array(maintenanceWindow) }) },
      },
    },
    async () => ({ windows: alerts.maintenance() }),
  );

  app.post(
    "/api/alerts/maintenance",
    {
      config: { problems: [422] },
      schema: {
        tags,
        summary: "Plan a mute, for one time or for every week.",
        body: z.strictObject({ ...scope, schedule, reason }),
        response: { 200: maintenanceWindow },
      },
    },
    async (request) => {
      const operator = by(request);
      const window = await alerts.addMaintenance({ ...request.body, author: operator });
      const event = maintenanceEvent(window, { operator, origin: `http ${request.ip}` });
      if (event) onSecurityMute?.(event);
      return window;
    },
  );

  app.delete(
    "/api/alerts/maintenance/:id",
    {
      config: { problems: [404] },
      schema: {
        tags,
        summary: "Remove a maintenance window. If it is open, its mute ends.",
        params: z.strictObject({ id: z.string().max(64) }),
        response: { 200: maintenanceWindow },
      },
    },
    (request) => alerts.removeMaintenance({ id: request.params.id, author: by(request) }),
  );
};
