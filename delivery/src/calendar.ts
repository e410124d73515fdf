import type { Clock } from "earlybird";

/** Where the business is. India keeps no summer time: the offset holds all year. */
const timeZone = "Asia/Kolkata";
const utcOffset = "+05:30";

/** Swedish writes dates as ISO 8601 does. */
const isoDay = new Intl.DateTimeFormat("sv", { timeZone, dateStyle: "short" });

/**
 * Today as `YYYY-MM-DD`, where the business is: when the first milk arrives at five in the morning, it is
 * still yesterday in UTC.
 */
export const today = (clock: Clock): string => isoDay.format(clock.now());

const msPerDay = 86_400_000;

/** The day `days` after (or, negative, before) a `YYYY-MM-DD`. */
export const addDays = (date: string, days: number): string =>
  new Date(Date.parse(date) + days * msPerDay).toISOString().slice(0, 10);

/** Whole days from one `YYYY-MM-DD` to another; negative when `to` comes first. */
export const daysBetween = (from: string, to: string): number =>
  Math.round((Date.parse(to) - Date.parse(from)) / msPerDay);

/** The first day of the month of a `YYYY-MM-DD`. */
export const firstOfMonth = (date: string): string => `${date.slice(0, 7)}-01`;

/** The moment at which a `YYYY-MM-DD` begins where the business is. */
export const startOfDay = (date: string): Date => new Date(`${date}T00:00:00${utcOffset}`);
