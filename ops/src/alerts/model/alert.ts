/** What an alert is about. The last four are raised by the service; a rule watches for each of the others. */
export const AlertType = {
  DATABASE_DOWN: "DATABASE_DOWN",
  DATABASE_SLOW: "DATABASE_SLOW",
  HIGH_ERROR_RATE: "HIGH_ERROR_RATE",
  HIGH_CPU: "HIGH_CPU",
  HIGH_MEMORY: "HIGH_MEMORY",
  API_TIMEOUT: "API_TIMEOUT",
  BILLING_FAILURE: "BILLING_FAILURE",
  DELIVERY_ISSUE: "DELIVERY_ISSUE",
  SECURITY_ALERT: "SECURITY_ALERT",
  CUSTOM: "CUSTOM",
} as const;
export type AlertType = (typeof AlertType)[keyof typeof AlertType];

/** The urgency: critical at once, error today, warning when there is time. */
export const AlertSeverity = {
  WARNING: "warning",
  ERROR: "error",
  CRITICAL: "critical",
} as const;
export type AlertSeverity = (typeof AlertSeverity)[keyof typeof AlertSeverity];

const ranks: Record<AlertSeverity, number> = { warning: 1, error: 2, critical: 3 };

export const isWorse = (severity: AlertSeverity, than: AlertSeverity): boolean =>
  ranks[severity] > ranks[than];

/** Who has taken charge of an alert, and when (ISO 8601). */
export interface Acknowledgement {
  by: string;
  at: string;
  note: string | null;
}

/** One incident, from when it fired until it is resolved; times are ISO 8601. */
export interface Alert {
  id: string;
  type: AlertType;
  /** Distinguishes alerts of one type, such as a route or an address; empty if there is only one. */
  key: string;
  severity: AlertSeverity;
  state: "firing" | "resolved";
  message: string;
  details: Record<string, string | number>;
  fired_at: string;
  resolved_at: string | null;
  /** While it is set, no reminders are sent. It ends if the alert becomes more severe. */
  acknowledged: Acknowledgement | null;
}

/** The order of the history: by time, then by id. */
export const isBefore = (a: Pick<Alert, "fired_at" | "id">, b: Pick<Alert, "fired_at" | "id">): boolean =>
  a.fired_at === b.fired_at ? a.id < b.id : a.fired_at < b.fired_at;
