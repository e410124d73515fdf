import { defineFailure } from "../../core/failure.ts";
import { type AlertSeverity, type AlertType, isBefore } from "../model/alert.ts";
import type { AlertRecord } from "../model/record.ts";

/** Which alerts of the past, newest first. */
export interface HistoryFilter {
  /** At most a thousand. */
  limit: number;
  type?: AlertType | undefined;
  severity?: AlertSeverity | undefined;
  state?: "firing" | "resolved" | undefined;
  /** Only those that fired before. */
  before?: Date | undefined;
  /** The `next` of the page before this one. */
  page?: string | undefined;
}

export interface HistoryPage {
  alerts: AlertRecord[];
  /** For the next page; null when there is none. */
  next: string | null;
}

/** Where a page ends. Alerts of the same time are distinguished by their ids. */
export interface Place {
  fired_at: string;
  id: string;
}

export const pageUnknown = defineFailure({
  code: "EB_ALERT_PAGE",
  status: 422,
  exitStatus: 2,
  detail: "Invalid page token.",
  remedy: "Send the next value of the previous page, or omit it for the newest alerts.",
});

/** @throws Failure EB_ALERT_PAGE */
export const placeOf = (page: string): Place => {
  const [fired_at = "", id = ""] = page.split("_", 2);
  const time = new Date(fired_at);
  if (Number.isNaN(time.getTime()) || !/^[\w-]{1,64}$/.test(id)) throw pageUnknown();
  return { fired_at: time.toISOString(), id };
};

/** A page from `limit` alerts plus one, if there are so many. */
export const pageFrom = (found: readonly AlertRecord[], limit: number): HistoryPage => {
  const alerts = found.slice(0, limit);
  const last = alerts.at(-1)?.alert;
  const more = last && found.length > limit;
  return { alerts, next: more ? `${last.fired_at}_${last.id}` : null };
};

/**
 * Returns whether an alert matches the filter.
 *
 * @throws Failure EB_ALERT_PAGE
 */
export const filterBy = ({ type, severity, state, before, page }: HistoryFilter) => {
  const place = page === undefined ? undefined : placeOf(page);
  const beforeIso = before?.toISOString();
  return ({ alert }: AlertRecord): boolean =>
    (type === undefined || alert.type === type) &&
    (severity === undefined || alert.severity === severity) &&
    (state === undefined || alert.state === state) &&
    (beforeIso === undefined || alert.fired_at < beforeIso) &&
    (place === undefined || isBefore(alert, place));
};
