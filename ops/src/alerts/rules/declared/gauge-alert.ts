import { z } from "zod";
import { AlertType } from "../../model/alert.ts";
import type { Rule } from "../rule.ts";
import { type DeclarationOptions, declarationDefaults, declarationFields, messageOf } from "./declaration.ts";

/** A limit of a gauge of the service: either `above` or `below`. */
export type GaugeAlertOptions = DeclarationOptions & {
  /** The name of a gauge that is declared when monitoring starts. */
  gauge: string;
} & ({ above: number; below?: never } | { below: number; above?: never });

export const gaugeAlertSchema = z
  .strictObject({
    kind: z.literal("gauge"),
    ...declarationFields,
    gauge: z.string(),
    above: z.number().optional(),
    below: z.number().optional(),
  })
  .refine(({ above, below }) => (above === undefined) !== (below === undefined), {
    message: "must have either above or below",
  });
export type GaugeAlert = z.infer<typeof gaugeAlertSchema>;

/** Declares an alert on a gauge of the service, as each instance reads it. */
export const gaugeAlert = (options: GaugeAlertOptions): GaugeAlert => ({
  kind: "gauge",
  ...declarationDefaults,
  ...options,
});

export const gaugeRule = (alert: GaugeAlert): Rule => {
  const { name, severity, forSeconds, gauge, above, below = 0 } = alert;
  const side = above === undefined ? "below" : "above";
  const threshold = above ?? below;
  return {
    type: AlertType.CUSTOM,
    key: name,
    severity,
    patience: {
      failuresToFire: 1,
      forMs: forSeconds * 1_000,
      successesToResolve: 2,
      keepFiringForMs: 0,
      endsUnknownAfterMs: null,
    },
    condition: () => `the gauge ${gauge} is ${side} ${threshold}`,
    find: ({ gauges = [] }) =>
      gauges.flatMap(({ name: found, value, unit }) => {
        if (found !== gauge || value === null) return [];
        const isOver = side === "above" ? value > threshold : value < threshold;
        const details = { gauge, value, threshold, ...(unit !== null && { unit }) };
        return [{ key: name, finding: isOver ? "failing" : "fine", details }];
      }),
    firedMessage: ({ value, unit = "" }) =>
      messageOf(alert, `${gauge} is ${[value, unit].join(" ").trim()}, ${side} ${threshold}.`),
    resolvedMessage: () => `${name}: ${gauge} is within its limit again.`,
  };
};
