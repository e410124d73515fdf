import { root } from "./client.ts";
import type { Alert } from "./queries.ts";

const halfAnHourMs = 30 * 60_000;

/** Where to download the report of alerts: from half an hour before the first one until all are over, or now. */
export const reportUrl = (alerts: readonly Pick<Alert, "fired_at" | "resolved_at">[]): string => {
  const fromMs = Math.min(...alerts.map(({ fired_at }) => Date.parse(fired_at))) - halfAnHourMs;
  const ends = alerts.map(({ resolved_at }) => resolved_at);
  const url = new URL("api/incidents/report", root);
  url.searchParams.set("from", new Date(fromMs).toISOString());
  const last = ends.toSorted().at(-1);
  if (last && !ends.includes(null)) url.searchParams.set("to", last);
  return url.href;
};
