import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { AlertManager } from "../manager.ts";
import type { Dispatcher } from "../model/notification.ts";
import { explain } from "../notify/explain.ts";
import { alert, explained, historyPage, severity, state, summary, type } from "./schemas.ts";

const historyQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(1_000).default(50),
  type: type.optional(),
  severity: severity.optional(),
  state: state.optional(),
  before: z.iso
    .datetime({ offset: true })
    .transform((text) => new Date(text))
    .optional()
    .describe("only those that fired before"),
  page: z.string().max(100).optional().describe("the next of the page before"),
});

const tags = ["alerts"];

export interface ReadingOptions {
  alerts: AlertManager;
  dispatcher: Pick<Dispatcher, "channels">;
}

/** The read routes of alerts. Authorization happens before. */
export const readingRoutes: FastifyPluginAsyncZod<ReadingOptions> = async (app, { alerts, dispatcher }) => {
  app.get(
    "/api/alerts/summary",
    {
      schema: {
        tags,
        summary: "Get active alerts, mutes, channels and the statistics of the last 30 days.",
        response: { 200: summary },
      },
    },
    async () => alerts.summary(),
  );

  app.get(
    "/api/alerts/active",
    {
      schema: {
        tags,
        summary: "List active alerts of all instances; an alert that several instances raised, once.",
        response: { 200: z.object({ alerts: z.array(alert) }) },
      },
    },
    async () => ({ alerts: alerts.activeAnywhere() }),
  );

  app.get(
    "/api/alerts/history",
    {
      config: { problems: [422] },
      schema: {
        tags,
        summary: "List alerts of the last 90 days, newest first, with the result for each channel.",
        querystring: historyQuery,
        response: { 200: historyPage },
      },
    },
    async ({ query }) => {
      const { alerts: records, next } = await alerts.history(query);
      const names = dispatcher.channels().map(({ channel }) => channel);
      const explained = records.map((record) => explain(record, names));
      return {
        alerts: explained.map(({ alert, instance, channels }) => ({ ...alert, instance, channels })),
        next,
      };
    },
  );

  app.get(
    "/api/alerts/:id",
    {
      schema: {
        tags,
        summary: "Get an alert with its decisions, and the result for each channel.",
        params: z.strictObject({ id: z.string().max(64) }),
        response: { 200: explained },
      },
    },
    ({ params }) => alerts.explain(params.id),
  );
};
