import type { Session } from "./api/session.ts";
import { serverNow } from "./live/server-clock.ts";

/** Formats numbers, times and units as the session says. */
export interface Format {
  number(value: number): string;
  /** `1 row`, `5,562 rows`. */
  count(value: number, one: string, many?: string): string;
  percent(value: number): string;
  /** With two significant digits below 10. */
  rate(value: number): string;
  ms(value: number): string;
  bytes(value: number): string;
  /** A value with its unit, `123` `paise` as `₹1.23`. */
  quantity(value: number | string, unit: string): string;
  /** Hours and minutes; with the date if it is not today. */
  time(iso: string): string;
  /** Date, time and zone. */
  dateTime(iso: string): string;
  clock(date: Date): string;
  /** As it is shown, such as `IST`. */
  zone: string;
  /** Its IANA name. */
  timeZone: string;
  locale: string;
}

const formats = new WeakMap<Session, Format>();

/** The formats of a session. They take longer to create than to use, so each session has them once. */
export const createFormat = (session: Session): Format => {
  const format = formats.get(session) ?? formatOf(session);
  formats.set(session, format);
  return format;
};

const formatOf = ({ locale, time_zone: timeZone, units }: Session): Format => {
  const numbers = new Intl.NumberFormat(locale, { maximumFractionDigits: 1 });
  const rates = new Intl.NumberFormat(locale, { maximumSignificantDigits: 2 });
  const hours = new Intl.DateTimeFormat(locale, {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const seconds = new Intl.DateTimeFormat(locale, { timeZone, timeStyle: "medium", hourCycle: "h23" });
  const days = new Intl.DateTimeFormat(locale, { timeZone, day: "numeric", month: "short" });
  const full = new Intl.DateTimeFormat(locale, {
    timeZone,
    dateStyle: "medium",
    timeStyle: "medium",
    hourCycle: "h23",
  });
  const zone =
    new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: "short" })
      .formatToParts(new Date())
      .find(({ type }) => type === "timeZoneName")?.value ?? timeZone;
  const number = (value: number) => numbers.format(value);
  return {
    number,
    zone,
    timeZone,
    locale,
    count: (value, one, many = `${one}s`) => `${number(value)} ${value === 1 ? one : many}`,
    rate: (value) => (value < 10 ? rates : numbers).format(value),
    percent: (value) => `${number(value)} %`,
    ms: (value) => (value < 1_000 ? `${number(value)} ms` : `${number(value / 1_000)} s`),
    bytes: (value) => (value < 1e9 ? `${number(value / 1e6)} MB` : `${number(value / 1e9)} GB`),
    quantity: (value, unit) => {
      const shown = units[unit];
      if (typeof value === "string") return value;
      if (!shown) return `${number(value)} ${unit}`;
      const { style, currency, divideBy } = shown;
      const fractions = { maximumFractionDigits: value % divideBy === 0 ? 0 : 2 };
      return new Intl.NumberFormat(locale, { style, currency, ...fractions }).format(value / divideBy);
    },
    time: (iso) => {
      const date = new Date(iso);
      const isToday = days.format(date) === days.format(new Date(serverNow()));
      return isToday ? hours.format(date) : `${days.format(date)} ${hours.format(date)}`;
    },
    dateTime: (iso) => `${full.format(new Date(iso))} ${zone}`,
    clock: (date) => seconds.format(date),
  };
};

/** How long ago, or how long it lasted: `45 s`, `12 min`, `3 h`, `2 days`. */
export const duration = (ms: number): string => {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 90) return `${s} s`;
  if (s < 5_400) return `${Math.round(s / 60)} min`;
  if (s < 172_800) return `${Math.round(s / 3_600)} h`;
  return `${Math.round(s / 86_400)} days`;
};

/** The name of a user without the id in parentheses that keeps equal names apart. */
export const nameOf = (user: string): string => user.replace(/ \([^()]*\)$/, "");
