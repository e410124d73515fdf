import { momentsOf, wallClock } from "../../core/zoned-time.ts";

/** When a maintenance window is open: once, or every week by the clock of a time zone. Times are ISO 8601. */
export type Schedule = { from: string; until: string } | { every: string; zone: string };

/** From the first moment to the one after the last, in milliseconds since 1970. */
export interface Period {
  fromMs: number;
  untilMs: number;
}

/** Days of the week, 0 for Sunday, and times of the day; an end that is not after the start is on the next day. */
export interface WeeklyTime {
  days: ReadonlySet<number>;
  startMs: number;
  endMs: number;
}

const dayMs = 86_400_000;
const dayNames = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/**
 * Reads a weekly time such as `sun 02:00-04:00`, `mon-fri 22:00-06:00`, `sat,sun 00:00-24:00` or `daily 02:00-04:00`;
 * undefined if it is none.
 */
export const readWeeklyTime = (text: string): WeeklyTime | undefined => {
  const [daysText = "", timesText = "", ...rest] = text.trim().toLowerCase().split(/\s+/);
  const times = /^([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)$/.exec(timesText);
  const days = readDays(daysText);
  if (!times || !days || rest.length > 0) return undefined;
  const [, startHour, startMinute, endHour = 24, endMinute = 0] = times;
  const startMs = timeOfDayMs(Number(startHour), Number(startMinute));
  const endMs = timeOfDayMs(Number(endHour), Number(endMinute));
  return { days, startMs, endMs: endMs > startMs ? endMs : endMs + dayMs };
};

const timeOfDayMs = (hours: number, minutes: number) => (60 * hours + minutes) * 60_000;

const readDays = (text: string): ReadonlySet<number> | undefined => {
  if (text === "daily") return new Set(dayNames.keys());
  const days = new Set<number>();
  for (const part of text.split(",")) {
    const ends = part.split("-").map(dayOf);
    const [first = -1, last = first] = ends;
    if (ends.length > 2 || first < 0 || last < 0) return undefined;
    for (let day = first; ; day = (day + 1) % 7) {
      days.add(day);
      if (day === last) break;
    }
  }
  return days;
};

const dayOf = (name: string): number =>
  dayNames.findIndex((whole) => name === whole || name === whole.slice(0, 3));

/**
 * The period of a schedule that is open now, or else its next one; undefined after the last. Where clocks are set back
 * over a limit, the period is longer; where they are set forward, it is shorter, or there is none that day.
 */
export const periodOf = (schedule: Schedule, nowMs: number): Period | undefined => {
  if (!("every" in schedule)) {
    const untilMs = Date.parse(schedule.until);
    return untilMs > nowMs ? { fromMs: Date.parse(schedule.from), untilMs } : undefined;
  }
  const weekly = readWeeklyTime(schedule.every);
  if (!weekly) return undefined;
  const today = Math.floor(wallClock(nowMs, schedule.zone) / dayMs) * dayMs;
  // From yesterday, whose period may go on, to the week after a day without one.
  for (let day = today - dayMs; day <= today + 14 * dayMs; day += dayMs) {
    if (!weekly.days.has(new Date(day).getUTCDay())) continue;
    const fromMs = momentsOf(day + weekly.startMs, schedule.zone).firstMs;
    const untilMs = momentsOf(day + weekly.endMs, schedule.zone).lastMs;
    if (untilMs > nowMs && untilMs > fromMs) return { fromMs, untilMs };
  }
  return undefined;
};
