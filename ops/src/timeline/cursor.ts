import { defineFailure } from "../core/failure.ts";
import type { PeriodPage } from "../database/period-page.ts";
import { type TimelineEntry, type TimelineKind, timelineKinds } from "./entry.ts";

/** Where a page ends, with the period, so that it does not move from page to page. */
export interface TimelineCursor {
  from: Date;
  to: Date;
  at: Date;
  kind: TimelineKind;
  /** Without the kind. */
  id: string;
}

const cursorUnknown = defineFailure({
  code: "EB_TIMELINE_CURSOR",
  status: 422,
  detail: "Invalid cursor.",
  remedy: "Send the next_cursor of the previous page, or omit it for the newest entries.",
});

export const cursorAfter = ({ from, to }: { from: Date; to: Date }, last: TimelineEntry): string =>
  [from.toISOString(), to.toISOString(), last.at, last.id].join("_");

/** @throws Failure EB_TIMELINE_CURSOR */
export const readCursor = (cursor: string): TimelineCursor => {
  const [from = "", to = "", at = "", ...rest] = cursor.split("_");
  const [, kind, id] = /^([a-z]+):([\w-]{1,64})$/.exec(rest.join("_")) ?? [];
  const times = [from, to, at].map((time) => new Date(time));
  const [fromAt, toAt, place] = times as [Date, Date, Date];
  const known = timelineKinds.find((each) => each === kind);
  if (!known || id === undefined || times.some((time) => Number.isNaN(time.getTime()))) throw cursorUnknown();
  return { from: fromAt, to: toAt, at: place, kind: known, id };
};

/** Sorts after all ids. */
const afterAll = "~";

/**
 * The place of a cursor among the entries of one kind. Entries of the same time are ordered by kind, then by id.
 */
export const placeAmong = (kind: TimelineKind, { at, ...cursor }: TimelineCursor): PeriodPage["before"] => {
  if (kind === cursor.kind) return { at, id: cursor.id };
  return { at, id: kind < cursor.kind ? afterAll : "" };
};

/** Newest first. */
export const byPlace = (a: TimelineEntry, b: TimelineEntry): number => {
  if (a.at !== b.at) return a.at < b.at ? 1 : -1;
  if (a.kind !== b.kind) return a.kind < b.kind ? 1 : -1;
  return a.id < b.id ? 1 : -1;
};
