import { hostname } from "node:os";
import { AlertSeverity, AlertType } from "../alert.ts";
import type { Notification } from "../notification.ts";

/** What somebody who tries the channels sends to them. */
export const testNotification = (id: string, now: Date): Notification => ({
  id,
  occasion: "test",
  alert: {
    id,
    type: AlertType.CUSTOM,
    key: "test",
    severity: AlertSeverity.WARNING,
    state: "firing",
    message: "This is a test of the alert channels; nothing is wrong.",
    details: { host: hostname() },
    fired_at: now.toISOString(),
    resolved_at: null,
  },
  symptoms: 0,
  created_at: now.toISOString(),
});
