import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { AlertSeverity, AlertType } from "./alert.ts";
import type { AlertManager } from "./alert-manager.ts";

export interface AlertRoutesOptions {
  alerts: AlertManager;
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

const type = z.enum(AlertType);
const severity = z.enum(AlertSeverity);

const alertList = z.object({
  alerts: z.array(
    z.object({
      id: z.string(),
      type,
      severity,
      state: z.enum(["firing", "resolved"]),
      message: z.string(),
      details: z.record(z.string(), z.union([z.string(), z.number()])),
      fired_at: z.iso.datetime(),
      resolved_at: z.iso.datetime().nullable(),
    }),
  ),
});

/** The routes about alerts. They answer from memory, also while the database is away. */
export const alertRoutes: FastifyPluginAsyncZod<AlertRoutesOptions> = async (
  app,
  { alerts, operatorOnly },
) => {
  app.get(
    "/api/alerts/active",
    {
      onRequest: operatorOnly,
      schema: { tags: ["alerts"], summary: "What is wrong now.", response: { 200: alertList } },
    },
    async () => ({ alerts: alerts.active() }),
  );

  app.get(
    "/api/alerts/history",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["alerts"],
        summary: "What was wrong since the process started, newest first.",
        querystring: z.strictObject({
          limit: z.coerce.number().int().min(1).max(1_000).default(50),
          type: type.optional(),
          severity: severity.optional(),
          before: z.iso
            .datetime({ offset: true })
            .transform((text) => new Date(text))
            .optional(),
        }),
        response: { 200: alertList },
      },
    },
    async ({ query }) => ({ alerts: alerts.history(query) }),
  );
};
