import type { MuteScope } from "../api/alerts.ts";
import type { Alert } from "../api/queries.ts";

type Scoped = Pick<Alert, "type" | "key" | "details">;

export interface ScopeChoice {
  label: string;
  scope: MuteScope;
}

/** The scopes in which an alert can be muted, the narrowest first. */
export const scopesOf = ({ type, key, details }: Scoped): ScopeChoice[] => {
  const { route } = details;
  return [
    ...(key === "" ? [] : [{ label: `${type} about ${key} only`, scope: { type, key } }]),
    { label: `every ${type}`, scope: { type } },
    ...(typeof route === "string"
      ? [{ label: `all alerts about the route ${route}`, scope: { type: "ALL" as const, route } }]
      : []),
  ];
};

/** Whether a mute silences an alert. */
export const includes = (
  { type, key, route }: { type: MuteScope["type"]; key?: string | null; route?: string | null },
  alert: Scoped,
): boolean =>
  (type === "ALL" || type === alert.type) &&
  (key == null || key === alert.key) &&
  (route == null || route === alert.key || route === alert.details.route);
