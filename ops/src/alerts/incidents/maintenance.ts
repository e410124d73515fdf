import { defineFailure } from "../../core/failure.ts";
import { isTimeZone } from "../../core/zoned-time.ts";
import { authoredScope, type MuteRequest } from "./mute.ts";
import type { MuteScope, ScopeRequest } from "./mute-scope.ts";
import { readWeeklyTime, type Schedule } from "./schedule.ts";

/** A mute that is planned, for one time or for every week. Times are ISO 8601. */
export interface MaintenanceWindow extends MuteScope {
  id: string;
  author: string;
  reason: string | null;
  created_at: string;
  schedule: Schedule;
}

/** A window with its period: the open one, or else the next. */
export interface PlannedWindow extends MaintenanceWindow {
  is_open: boolean;
  from: string;
  until: string;
}

export interface MaintenanceRequest extends ScopeRequest, Pick<MuteRequest, "author" | "reason"> {
  schedule: Schedule;
}

const dayMs = 86_400_000;
const longestMs = 30 * dayMs;
const furthestMs = 366 * dayMs;

const timesRefused = defineFailure({
  code: "EB_MAINTENANCE_TIME",
  status: 422,
  exitStatus: 2,
  detail: "A maintenance window cannot last from {from} until {until}.",
  remedy: "Start it within a year, and end it after its start, at most 30 days later.",
});

export const neverOpen = defineFailure({
  code: "EB_MAINTENANCE_TIME",
  status: 422,
  exitStatus: 2,
  detail: "A maintenance window {schedule} would never be open.",
  remedy: "End it in the future.",
});

const weeklyTimeRefused = defineFailure({
  code: "EB_MAINTENANCE_TIME",
  status: 422,
  exitStatus: 2,
  detail: "{every} is not a weekly time.",
  remedy: 'Write days and times, as in "sun 02:00-04:00", "mon-fri 22:00-06:00" or "daily 02:00-04:00".',
});

export const zoneUnknown = defineFailure({
  code: "EB_TIME_ZONE",
  status: 422,
  exitStatus: 2,
  detail: "{zone} is not a time zone.",
  remedy: "Use a name of the IANA time zone database, such as Europe/Berlin.",
});

export const windowUnknown = defineFailure({
  code: "EB_MAINTENANCE_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no maintenance window {id}.",
  remedy: '"earlybird alerts maintenance list" lists the windows.',
});

export const mutedByWindow = defineFailure({
  code: "EB_MUTED_BY_MAINTENANCE",
  status: 409,
  exitStatus: 4,
  detail: "The maintenance window {id} mutes these alerts; a mute does not.",
  remedy: "Remove the window: earlybird alerts maintenance remove {id}.",
});

/**
 * The window that was requested.
 *
 * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MAINTENANCE_TIME, EB_TIME_ZONE
 */
export const windowFrom = (request: MaintenanceRequest, id: string, now: Date): MaintenanceWindow => {
  const authored = authoredScope(request);
  const schedule = scheduleFrom(request.schedule, now);
  return { id, ...authored, created_at: now.toISOString(), schedule };
};

const scheduleFrom = (schedule: Schedule, now: Date): Schedule => {
  if ("every" in schedule) {
    const every = schedule.every.trim().toLowerCase();
    if (!readWeeklyTime(every)) throw weeklyTimeRefused({ every });
    if (!isTimeZone(schedule.zone)) throw zoneUnknown({ zone: schedule.zone });
    return { every, zone: schedule.zone };
  }
  const { from, until } = schedule;
  const [fromMs, untilMs] = [Date.parse(from), Date.parse(until)];
  const lastsMs = untilMs - fromMs;
  // Comparisons with NaN are false.
  const isInOrder = lastsMs > 0 && lastsMs <= longestMs && fromMs <= now.getTime() + furthestMs;
  if (!isInOrder) throw timesRefused({ from, until });
  return { from: new Date(fromMs).toISOString(), until: new Date(untilMs).toISOString() };
};

/** A schedule in words, such as `sun 02:00-04:00 (Europe/Berlin)`. */
export const describeSchedule = (schedule: Schedule): string =>
  "every" in schedule
    ? `${schedule.every} (${schedule.zone})`
    : `from ${schedule.from} until ${schedule.until}`;
