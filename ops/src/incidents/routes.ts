import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { processTimeZone } from "../core/local-time.ts";
import { periodOf, periodQuery } from "../timeline/index.ts";
import { gatherFacts, type IncidentSources } from "./facts.ts";
import { incidentReport } from "./report.ts";
import { reportTimes } from "./times.ts";

/** How the service shows its name, times and units. */
export interface ReportStyle {
  title?: string | undefined;
  timeZone?: string | undefined;
  locale?: string | undefined;
  units?: Readonly<Record<string, { style: "currency"; currency: string; divideBy: number }>> | undefined;
}

export interface IncidentRouteOptions {
  sources: IncidentSources;
  style: ReportStyle;
  clock: Clock;
  /** Refuses requests of people who are not operators. */
  operatorOnly: onRequestAsyncHookHandler;
}

/** The report of a period, for a ticket or a review. */
export const incidentRoute: FastifyPluginAsyncZod<IncidentRouteOptions> = async (
  app,
  { sources, style, clock, operatorOnly },
) => {
  const { title = "EarlyBird", timeZone = processTimeZone() } = style;
  const context = { title, times: reportTimes(timeZone), quantity: quantityOf(style) };
  app.get(
    "/api/incidents/report",
    {
      onRequest: operatorOnly,
      config: { problems: [400] },
      schema: {
        tags: ["timeline"],
        summary: "Get a report of a period as Markdown: what fired, what changed, suspects, errors, traffic.",
        produces: ["text/markdown"],
        querystring: z.strictObject(periodQuery),
      } as { tags: string[]; querystring: z.ZodObject<typeof periodQuery> },
    },
    async ({ query, log }, reply) => {
      const now = clock.now();
      const period = periodOf(query, now);
      const facts = await gatherFacts(sources, { ...period, now }, (part, err) =>
        log.warn({ err, part }, "a part of the incident report could not be read"),
      );
      const name = facts.from.slice(0, 16).replace(":", "");
      reply.type("text/markdown; charset=utf-8");
      reply.header("content-disposition", `attachment; filename="incident-${name}Z.md"`);
      return incidentReport(facts, context);
    },
  );
};

const quantityOf =
  ({ locale = "en-GB", units = {} }: ReportStyle) =>
  (value: number | string, unit: string): string => {
    if (typeof value === "string") return `${value} ${unit}`.trim();
    const { style, currency, divideBy } = units[unit] ?? {};
    if (style === undefined || divideBy === undefined)
      return `${value.toLocaleString(locale, { maximumFractionDigits: 2 })} ${unit}`.trim();
    return (value / divideBy).toLocaleString(locale, { style, currency });
  };
