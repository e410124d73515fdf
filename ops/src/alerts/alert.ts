/** What an alert is about; one rule raises each. */
export const AlertType = {
  DATABASE_DOWN: "DATABASE_DOWN",
} as const;
export type AlertType = (typeof AlertType)[keyof typeof AlertType];

/** How soon somebody must look: critical at once, error today, warning when there is time. */
export const AlertSeverity = {
  WARNING: "warning",
  ERROR: "error",
  CRITICAL: "critical",
} as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

/** One incident, from when it fired until it is resolved; times are ISO 8601. */
export interface Alert {
  id: string;
  type: AlertType;
  severity: AlertSeverity;
  state: "firing" | "resolved";
  message: string;
  details: Record<string, string | number>;
  fired_at: string;
  resolved_at: string | null;
}
