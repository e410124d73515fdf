import type { Clock } from "@earlybird-ops/platform";

/** A clock that knows where the business is: a day begins at midnight there, wherever the process runs. */
export interface BusinessClock extends Clock {
  /** IANA name, such as `Asia/Kolkata`. */
  readonly timeZone: string;
}

/** The same clock, with the time zone of the business. */
export const inTimeZone = (clock: Clock, timeZone: string): BusinessClock => ({
  now: () => clock.now(),
  monotonicMs: () => clock.monotonicMs(),
  timeZone,
});

interface LocalTime {
  /** `YYYY-MM-DD`. */
  day: string;
  hour: number;
  minute: number;
}

// Making a formatter takes a hundred times as long as using it.
const formatters = new Map<string, Intl.DateTimeFormat>();

const localTime = (at: Date, timeZone: string): LocalTime => {
  let formatter = formatters.get(timeZone);
  if (!formatter) {
    const numeric = {
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
    } as const;
    formatter = new Intl.DateTimeFormat("en-US", {
      ...numeric,
      timeZone,
      hourCycle: "h23",
      calendar: "gregory",
    });
    formatters.set(timeZone, formatter);
  }
  const parts = Object.fromEntries(formatter.formatToParts(at).map(({ type, value }) => [type, value]));
  return {
    day: `${parts.year}-${parts.month}-${parts.day}`,
    hour: Number(parts.hour),
    minute: Number(parts.minute),
  };
};

/** Today as `YYYY-MM-DD` where the business is: at five in the morning in Bengaluru it is still yesterday in UTC. */
export const today = (clock: BusinessClock): string => localTime(clock.now(), clock.timeZone).day;

/** The time of day where the business is, as `HH:MM`. */
export const timeOfDay = (clock: BusinessClock): string => {
  const { hour, minute } = localTime(clock.now(), clock.timeZone);
  return [hour, minute].map((number) => String(number).padStart(2, "0")).join(":");
};

/** The hour where the business is, 0 to 23. */
export const hourOfDay = (clock: BusinessClock): number => localTime(clock.now(), clock.timeZone).hour;

const msPerDay = 86_400_000;
const msPerQuarter = 15 * 60_000;

/** The day `days` after (or, negative, before) a `YYYY-MM-DD`. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * msPerDay).toISOString().slice(0, 10);

/** Whole days from one `YYYY-MM-DD` to another; negative when `to` comes first. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / msPerDay);

/** The first day of the month of a `YYYY-MM-DD`. */
export const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`;

/**
 * The moment at which a `YYYY-MM-DD` begins in a time zone. Where clocks are set at midnight, that is the first moment
 * that has the date. Zones differ from UTC by whole quarters of an hour.
 */
export const startOfDay = (date: string, timeZone: string): Date => {
  const isBefore = (ms: number) => localTime(new Date(ms), timeZone).day < date;
  // No zone is more than 14 hours ahead of UTC, or 12 behind.
  let [before, after] = [Date.parse(date) - 15 * 4 * msPerQuarter, Date.parse(date) + 13 * 4 * msPerQuarter];
  while (after - before > msPerQuarter) {
    const middle = before + Math.floor((after - before) / 2 / msPerQuarter) * msPerQuarter;
    if (isBefore(middle)) before = middle;
    else after = middle;
  }
  return new Date(after);
};
