import type { AlertFilter } from "../api/alerts.ts";

const tabs = ["active", "history", "muted"] as const;
export type AlertTab = (typeof tabs)[number];

/** The tab of the alerts, which is `active` by default, and its filters. */
export interface AlertsSearch extends AlertFilter {
  tab?: AlertTab;
}

/** Reads the search parameters of the alerts and leaves out what it does not know. */
export const alertsSearch = ({ tab, type, severity }: Record<string, unknown>): AlertsSearch => {
  const known = tabs.find((each) => each === tab);
  return {
    ...(known && { tab: known }),
    // A type or severity that does not exist is refused by the server, which names those that do.
    ...(typeof type === "string" && type !== "" && { type: type as NonNullable<AlertFilter["type"]> }),
    ...(typeof severity === "string" &&
      severity !== "" && { severity: severity as NonNullable<AlertFilter["severity"]> }),
  };
};
