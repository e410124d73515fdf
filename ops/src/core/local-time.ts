/** English locales that abbreviate the zones of their countries: `IST` in India, `CET` in Europe, `EST` in America. */
const locales = ["en-US", "en-GB", "en-IN", "en-AU"];

/** The zone as people of the country write it, or as `UTC+5:30`. */
export const zoneName = (date: Date, timeZone: string): string => {
  const names = locales.map((locale) => partsOf(date, timeZone, locale).timeZoneName ?? "");
  const known = names.find((name) => !/^(GMT|UTC)[+-]/.test(name));
  return known ?? (names[0] ?? "").replace("GMT", "UTC");
};

const partsOf = (date: Date, timeZone: string, locale = "en-GB"): Record<string, string> =>
  Object.fromEntries(
    new Intl.DateTimeFormat(locale, {
      timeZone,
      day: "numeric",
      month: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
      timeZoneName: "short",
    })
      .formatToParts(date)
      .map(({ type, value }) => [type, value]),
  );

const dayAndTime = (date: Date, timeZone: string) => {
  const { day, month, hour, minute } = partsOf(date, timeZone);
  return { day: `${day} ${month}`, time: `${hour}:${minute}` };
};

/**
 * A time for people: `03:14 IST`, or `25 Nov 03:14 IST` if that is not the day of `now` in the zone. An invalid date, as a
 * file may hold it, is an unknown time.
 *
 * @param timeZone an IANA name, such as `Asia/Kolkata`
 */
export const formatTime = (date: Date, { timeZone, now }: { timeZone: string; now: Date }): string => {
  if (Number.isNaN(date.getTime())) return "an unknown time";
  const { day, time } = dayAndTime(date, timeZone);
  const isToday = day === dayAndTime(now, timeZone).day;
  return `${isToday ? "" : `${day} `}${time} ${zoneName(date, timeZone)}`;
};

/** A span for people: `03:14 to 03:17 IST`, or `03:14 IST` within a minute. */
export const formatSpan = (from: Date, to: Date, zone: { timeZone: string; now: Date }): string => {
  if (Number.isNaN(to.getTime())) return formatTime(from, zone);
  const start = formatTime(from, zone);
  const end = formatTime(to, zone);
  if (start === end) return end;
  const name = ` ${zoneName(to, zone.timeZone)}`;
  return `${start.endsWith(name) ? start.slice(0, -name.length) : start} to ${end}`;
};

/** The time zone of this process. */
export const processTimeZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone;
