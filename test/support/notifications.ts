import type { Alert, Notification } from "@earlybird-ops/platform/alerts";

/** A notification about an alert of its own, unless the difference says otherwise. */
export const notificationOf = (
  id: string,
  difference: Partial<Omit<Notification, "alert">> & { alert?: Partial<Alert> } = {},
): Notification => ({
  id,
  occasion: "fired",
  symptoms: 0,
  created_at: new Date().toISOString(),
  ...difference,
  alert: {
    id: `alert-of-${id}`,
    type: "DATABASE_DOWN",
    key: "",
    severity: "critical",
    state: "firing",
    message: "The database does not answer.",
    details: { reason: "connect ECONNREFUSED 127.0.0.1:5432" },
    fired_at: "2026-01-05T04:00:01.000Z",
    resolved_at: null,
    acknowledged: null,
    ...difference.alert,
  },
});
