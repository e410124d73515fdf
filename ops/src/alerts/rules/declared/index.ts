import { z } from "zod";
import { defineFailure } from "../../../core/failure.ts";
import type { Rule } from "../rule.ts";
import { burns } from "./burn-rate.ts";
import { type GaugeAlert, gaugeAlertSchema, gaugeRule } from "./gauge-alert.ts";
import { type Objective, objectiveRules, objectiveSchema } from "./objective.ts";
import { type RouteAlert, routeAlertSchema, routeRule } from "./route-alert.ts";

/** An alert that the service declares, made by `routeAlert`, `gaugeAlert` or `objective`. */
export type AlertDeclaration = RouteAlert | GaugeAlert | Objective;

const schema = z.discriminatedUnion("kind", [routeAlertSchema, gaugeAlertSchema, objectiveSchema]);

const invalid = defineFailure({
  code: "EB_ALERT_DECLARATION",
  status: 500,
  exitStatus: 2,
  detail: "The declared alert {name} is invalid: {reason}.",
  remedy: "Correct it in the code of the service; docs/how-to/set-up-alerts.md describes all options.",
});

/** The rules of a declaration: one, or one for each speed of an objective. */
export const rulesOf = (declaration: AlertDeclaration): readonly Rule[] => {
  switch (declaration.kind) {
    case "route":
      return [routeRule(declaration)];
    case "gauge":
      return [gaugeRule(declaration)];
    case "objective":
      return objectiveRules(declaration);
  }
};

/**
 * Refuses invalid values, unknown gauges, and two alerts with one key.
 *
 * @param gauges the names of the gauges that the service declares
 * @throws Failure EB_ALERT_DECLARATION
 */
export const assertDeclarations = (declarations: readonly AlertDeclaration[], gauges: readonly string[]) => {
  const keys = new Set<string>();
  for (const declaration of declarations) {
    const name = String(declaration.name);
    const { success, error } = schema.safeParse(declaration);
    if (!success) throw invalid({ name, reason: reasonOf(error) });
    if (declaration.kind === "gauge" && !gauges.includes(declaration.gauge)) {
      throw invalid({ name, reason: `there is no gauge ${declaration.gauge}; known: ${gauges.join(", ")}` });
    }
    for (const { key = name } of rulesOf(declaration)) {
      if (keys.has(key)) throw invalid({ name, reason: "another alert has this name" });
      keys.add(key);
    }
  }
};

const reasonOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => [...path, message].join(" ")).join("; ");

/** The requests that an objective counts: those of a route, or all. */
export interface ObjectiveTarget {
  name: string;
  route: string | undefined;
}

export const objectiveTargets = (declarations: readonly AlertDeclaration[]): ObjectiveTarget[] =>
  declarations.flatMap((each) => (each.kind === "objective" ? [{ name: each.name, route: each.route }] : []));

/** The lengths of the windows that objectives need, in minutes. */
export const objectiveMinutes: readonly number[] = burns.flatMap(({ longMinutes, shortMinutes }) => [
  shortMinutes,
  longMinutes,
]);
