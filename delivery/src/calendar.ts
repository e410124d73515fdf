import type { Clock } from "earlybird";

/**
 * Today as `YYYY-MM-DD` in the time zone of the process. Where the business is elsewhere than the machine, `TZ`
 * says so: when the first milk arrives at five in the morning in Bengaluru, it is still yesterday in UTC.
 */
export const today = (clock: Clock): string => {
  const now = clock.now();
  const twoDigits = (value: number) => String(value).padStart(2, "0");
  return `${now.getFullYear()}-${twoDigits(now.getMonth() + 1)}-${twoDigits(now.getDate())}`;
};

const msPerDay = 86_400_000;

/** The day `days` after (or, negative, before) a `YYYY-MM-DD`. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * msPerDay).toISOString().slice(0, 10);

/** Whole days from one `YYYY-MM-DD` to another; negative when `to` comes first. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / msPerDay);

/** The first day of the month of a `YYYY-MM-DD`. */
export const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`;

/** The moment at which a `YYYY-MM-DD` begins in the time zone of the process. */
export const startOfDay = (date: string): Date => new Date(`${date}T00:00:00`);
