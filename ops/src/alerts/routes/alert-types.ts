import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { SettingReport } from "../../settings/settings-report.ts";
import type { AlertManager } from "../manager.ts";
import { AlertType } from "../model/alert.ts";
import { raisedTypes } from "../model/raised-types.ts";
import { rules } from "../rules/index.ts";
import type { Thresholds } from "../rules/thresholds.ts";
import { severity, type } from "./schemas.ts";

const setting = z.object({
  name: z.string(),
  description: z.string(),
  default: z.string().nullable(),
  value: z.string().nullable(),
});

const alertType = z.object({
  type,
  severity: severity.describe("for a type that the service raises, the default"),
  raised_by: z.enum(["rule", "service"]),
  fires_when: z.string().describe("the condition, with the thresholds in force"),
  ends_after_seconds: z
    .int()
    .nullable()
    .describe(
      "for a type that the service raises: without a repetition; null: when the condition ends or it is resolved",
    ),
  settings: z
    .array(setting)
    .describe("the settings that change the condition; empty if the service does not report them"),
});
type AlertTypeView = z.infer<typeof alertType>;

export interface TypesOptions {
  alerts: AlertManager;
  /** The settings of the service, if it was configured by them. */
  settings: readonly SettingReport[];
}

/** `GET /api/alerts/types`: what each type means, and what changes its thresholds. Authorization happens before. */
export const typesRoute: FastifyPluginAsyncZod<TypesOptions> = async (app, { alerts, settings }) => {
  app.get(
    "/api/alerts/types",
    {
      schema: {
        tags: ["alerts"],
        summary: "List the types of alerts with their conditions, and the settings of their thresholds.",
        response: { 200: z.object({ types: z.array(alertType) }) },
      },
    },
    async () => ({ types: alertTypes(alerts.thresholds, settings) }),
  );
};

const alertTypes = (thresholds: Thresholds, settings: readonly SettingReport[]): AlertTypeView[] =>
  Object.values(AlertType).flatMap((name) => {
    const shared = {
      type: name,
      settings: settings.filter(({ description }) => description.startsWith(`${name}:`)),
    };
    const rule = rules.find((each) => each.type === name);
    if (rule) {
      const fires_when = rule.condition(thresholds);
      return { ...shared, severity: rule.severity, raised_by: "rule", fires_when, ends_after_seconds: null };
    }
    const raised = Object.entries(raisedTypes).find(([each]) => each === name)?.[1];
    if (!raised) return [];
    const ends_after_seconds = raised.quietMs === null ? null : raised.quietMs / 1000;
    return {
      ...shared,
      severity: raised.severity,
      raised_by: "service",
      fires_when: raised.means,
      ends_after_seconds,
    };
  });
