import { defineFailure } from "../../core/failure.ts";
import { type Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import { raisedTypes } from "../model/raised-types.ts";
import { sanitizeKey } from "../model/sanitize.ts";
import { rules } from "../rules/index.ts";

/** A type of alerts, or all of them. */
export type MuteTarget = AlertType | "ALL";
export const muteTargets = [...Object.values(AlertType), "ALL"] as const satisfies readonly MuteTarget[];

/** The alerts that a mute holds back: those of a type, or of these only those with a key or about a route. */
export interface MuteScope {
  type: MuteTarget;
  key: string | null;
  /** Matches alerts whose key or `details.route` equals it. */
  route: string | null;
}

/** A scope as it is requested. */
export interface ScopeRequest {
  type: MuteTarget;
  key?: string | null | undefined;
  route?: string | null | undefined;
}

const typeWithoutKey = defineFailure({
  code: "EB_MUTE_SCOPE",
  status: 422,
  exitStatus: 2,
  detail: "Alerts of type {type} have neither key nor route.",
  remedy: "Omit key and route to mute the whole type.",
});

const emptyScope = defineFailure({
  code: "EB_MUTE_SCOPE",
  status: 422,
  exitStatus: 2,
  detail: "The {part} of a mute cannot be empty.",
  remedy: "Give the {part} of an alert, or omit it to mute the whole type.",
});

/** Each of these concerns the whole service; only API_TIMEOUT has one alert per route. */
const typesWithoutKey: ReadonlySet<MuteTarget> = new Set(
  rules.map(({ type }) => type).filter((type) => type !== AlertType.API_TIMEOUT),
);

/** @throws Failure EB_MUTE_SCOPE for a scope that matches no alert */
export const scopeFrom = ({ type, key = null, route = null }: ScopeRequest): MuteScope => {
  if (key === "") throw emptyScope({ part: "key" });
  if (route?.trim() === "") throw emptyScope({ part: "route" });
  if ((key !== null || route !== null) && typesWithoutKey.has(type)) throw typeWithoutKey({ type });
  return {
    type,
    key: key === null ? null : sanitizeKey(key),
    route: route === null ? null : sanitizeKey(route.trim()),
  };
};

export const isSameScope = (a: MuteScope, b: MuteScope): boolean =>
  a.type === b.type && a.key === b.key && a.route === b.route;

/** Whether an alert is in the scope. */
export const includes = (
  { type, key, route }: MuteScope,
  alert: Pick<Alert, "type" | "key" | "details">,
): boolean =>
  (type === "ALL" || type === alert.type) &&
  (key === null || key === alert.key) &&
  (route === null || route === alert.key || route === alert.details.route);

/** A scope in words, such as `API_TIMEOUT (route GET /api/orders)`. */
export const describeScope = ({ type, key, route }: MuteScope): string => {
  const parts = [...(key === null ? [] : [`key ${key}`]), ...(route === null ? [] : [`route ${route}`])];
  return parts.length === 0 ? type : `${type} (${parts.join(", ")})`;
};

const severities: Readonly<Record<string, AlertSeverity>> = Object.fromEntries([
  ...rules.map(({ type, severity }) => [type, severity]),
  ...Object.entries(raisedTypes).map(([type, { severity }]) => [type, severity]),
]);

/** Whether a mute of it could hold back critical alerts, and therefore needs a reason. */
export const includesCritical = ({ type }: MuteScope): boolean =>
  type === "ALL" || severities[type] === AlertSeverity.CRITICAL;
