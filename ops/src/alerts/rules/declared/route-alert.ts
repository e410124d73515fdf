import { z } from "zod";
import { AlertType } from "../../model/alert.ts";
import { formatMs } from "../../model/duration.ts";
import type { Patience } from "../evaluate.ts";
import type { Observed, Rule, RuleFinding } from "../rule.ts";
import { wilsonLowerBound } from "../wilson.ts";
import {
  type DeclarationOptions,
  declarationDefaults,
  declarationFields,
  messageOf,
  routeName,
} from "./declaration.ts";

/** A limit of one route: either `p95AboveMs`, or `errorRateAbove` from 0 to 1. */
export type RouteAlertOptions = DeclarationOptions & {
  /** Method and template, as `POST /api/orders/:id`. */
  route: string;
  /** With fewer requests in the last minute, the alert is not evaluated. Default: 20. */
  minRequests?: number;
} & ({ p95AboveMs: number; errorRateAbove?: never } | { errorRateAbove: number; p95AboveMs?: never });

export const routeAlertSchema = z
  .strictObject({
    kind: z.literal("route"),
    ...declarationFields,
    route: routeName,
    minRequests: z.int().min(1).max(1_000_000),
    p95AboveMs: z.number().positive().max(3_600_000).optional(),
    errorRateAbove: z.number().gt(0).lt(1).optional(),
  })
  .refine(({ p95AboveMs, errorRateAbove }) => (p95AboveMs === undefined) !== (errorRateAbove === undefined), {
    message: "must have either p95AboveMs or errorRateAbove",
  });
export type RouteAlert = z.infer<typeof routeAlertSchema>;

/** Declares an alert on the 95th percentile or the error rate of a route, in the last minute of each instance. */
export const routeAlert = (options: RouteAlertOptions): RouteAlert => ({
  kind: "route",
  ...declarationDefaults,
  minRequests: 20,
  ...options,
});

type Endpoint = NonNullable<Observed["performance"]>["endpoints"][number];

const patienceOf = (forSeconds: number): Patience => ({
  failuresToFire: 1,
  forMs: forSeconds * 1_000,
  successesToResolve: 2,
  keepFiringForMs: 30_000,
  endsUnknownAfterMs: 15 * 60_000,
});

export const routeRule = (alert: RouteAlert): Rule => {
  const { name, severity, forSeconds, route, minRequests } = alert;
  const { condition, find, describe } = measures(alert);
  return {
    type: AlertType.CUSTOM,
    key: name,
    severity,
    patience: patienceOf(forSeconds),
    condition: () => condition,
    find: ({ performance }) =>
      (performance?.endpoints ?? [])
        .filter((each) => `${each.method} ${each.route}` === route && each.requests >= minRequests)
        .map((endpoint) => ({ key: name, ...find(endpoint) })),
    firedMessage: (details) =>
      messageOf(alert, `${describe(details)} (${details.requests} requests in the last minute).`),
    resolvedMessage: () => `${name}: ${route} is within its limit again.`,
  };
};

interface Measure {
  condition: string;
  find(endpoint: Endpoint): Omit<RuleFinding, "key">;
  describe(details: RuleFinding["details"]): string;
}

const measures = ({ route, p95AboveMs, errorRateAbove = 0, minRequests }: RouteAlert): Measure =>
  p95AboveMs === undefined
    ? {
        condition: `over ${percent(errorRateAbove)} % of the requests to ${route} fail, of at least ${minRequests} in a minute`,
        find: (endpoint) => errorRateOf(endpoint, errorRateAbove),
        describe: ({ error_rate_percent, threshold_percent }) =>
          `${error_rate_percent} % of the requests to ${route} fail, over ${threshold_percent} %`,
      }
    : {
        condition: `the p95 of ${route} is over ${p95AboveMs} ms, with at least ${minRequests} requests in a minute`,
        find: ({ p95_ms, requests }) => ({
          finding: p95_ms > p95AboveMs ? "failing" : "fine",
          details: { route, p95_ms, threshold_ms: p95AboveMs, requests },
        }),
        describe: ({ p95_ms, threshold_ms }) =>
          `the p95 of ${route} is ${formatMs(Number(p95_ms))}, over ${formatMs(Number(threshold_ms))}`,
      };

/** A rate over the limit that may be chance can be neither failing nor fine. */
const errorRateOf = ({ method, route, requests, errors }: Endpoint, limit: number) => {
  const rate = errors / requests;
  const details = {
    route: `${method} ${route}`,
    error_rate_percent: percent(rate),
    threshold_percent: percent(limit),
    errors,
    requests,
  };
  if (rate <= limit) return { finding: "fine" as const, details };
  const isSure = wilsonLowerBound(errors, requests) > limit;
  return { finding: isSure ? ("failing" as const) : ("unknown" as const), details };
};

const percent = (ratio: number): number => Math.round(ratio * 100_000) / 1_000;
