import { z } from "zod";
import { AlertType } from "../../model/alert.ts";
import type { Rule } from "../rule.ts";
import { type Burn, burnRateLimit, burns, errorRateLimit, judgeBurn } from "./burn-rate.ts";
import { type DeclarationOptions, declarationFields, messageOf, routeName } from "./declaration.ts";

/** The share of requests that must succeed over a period. */
export interface ObjectiveOptions extends Pick<DeclarationOptions, "name" | "summary"> {
  /** Method and template; without it, all requests. */
  route?: string;
  /** From 0 to 1, such as 0.995. */
  availability: number;
  /** The period. Default: 30. */
  days?: number;
  /** With fewer requests in the long window, the alert does not fire. Default: 20. */
  minRequests?: number;
}

export const objectiveSchema = z
  .strictObject({
    kind: z.literal("objective"),
    name: declarationFields.name.max(60),
    summary: declarationFields.summary,
    route: routeName.optional(),
    availability: z.number().gt(0).lt(1),
    // With fewer days, the slow limit is hardly above the steady rate.
    days: z.int().min(7).max(90),
    minRequests: z.int().min(1).max(1_000_000),
  })
  .refine((objective) => burns.every((burn) => errorRateLimit(burn, objective) < 1), {
    path: ["availability"],
    message:
      "is too low for this period: not even a complete outage would use the budget fast enough to alert",
  });
export type Objective = z.infer<typeof objectiveSchema>;

/** Declares an objective. Two alerts watch its error budget: a fast burn is critical, a slow burn a warning. */
export const objective = (options: ObjectiveOptions): Objective => ({
  kind: "objective",
  days: 30,
  minRequests: 20,
  ...options,
});

/** The key of the alert. */
export const burnKey = ({ name }: Pick<Objective, "name">, { speed }: Burn): string =>
  `${name} (${speed} burn)`;

export const objectiveRules = (declared: Objective): Rule[] => burns.map((burn) => burnRule(declared, burn));

const burnRule = (declared: Objective, burn: Burn): Rule => {
  const { name, availability, days, minRequests } = declared;
  const limit = errorRateLimit(burn, declared);
  const { longMinutes, shortMinutes } = burn;
  const key = burnKey(declared, burn);
  return {
    type: AlertType.CUSTOM,
    key,
    severity: burn.severity,
    patience: {
      failuresToFire: 1,
      forMs: 0,
      successesToResolve: 2,
      keepFiringForMs: 0,
      endsUnknownAfterMs: 15 * 60_000,
    },
    condition: () =>
      `the error budget of ${name} burns over ${rounded(burnRateLimit(burn, days))} times too fast in ${inWords(longMinutes)} and in ${inWords(shortMinutes)}`,
    find: ({ objectives = [] }) =>
      objectives.flatMap(({ name: found, scope, windows }) => {
        const [long, short] = [windows.get(longMinutes), windows.get(shortMinutes)];
        if (found !== name || !long || !short) return [];
        const rate = long.errors / Math.max(1, long.requests);
        const details = {
          objective_percent: percent(availability),
          burn_rate: rounded(rate / (1 - availability)),
          threshold_burn_rate: rounded(burnRateLimit(burn, days)),
          error_rate_percent: percent(rate),
          threshold_percent: percent(limit),
          errors: long.errors,
          requests: long.requests,
          window_minutes: longMinutes,
          scope,
        };
        return [{ key, finding: judgeBurn({ long, short, limit, minRequests }), details }];
      }),
    firedMessage: (details) =>
      messageOf(
        declared,
        `the error budget of ${days} days burns ${details.burn_rate} times too fast, over ${details.threshold_burn_rate}: ${details.errors} of ${details.requests} requests in ${inWords(longMinutes)} fail (${details.error_rate_percent} %, on ${details.scope}).`,
      ),
    resolvedMessage: () => `${name}: the error budget no longer burns too fast.`,
  };
};

const inWords = (minutes: number): string => (minutes < 60 ? `${minutes} min` : `${minutes / 60} h`);
const percent = (ratio: number): number => Math.round(ratio * 100_000) / 1_000;
const rounded = (value: number): number => Math.round(value * 100) / 100;
