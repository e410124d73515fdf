/** The same moment on a wall clock, as milliseconds since 1970 of a clock in UTC that shows the same; whole seconds. */
export const wallClock = (atMs: number, zone: string): number => {
  const { year, month, day, hour, minute, second } = Object.fromEntries(
    formatOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  return Date.UTC(year ?? 0, (month ?? 1) - 1, day, hour, minute, second);
};

const dayMs = 86_400_000;

/**
 * The moments at which a wall clock shows a time, the first and the last one: they differ if the clock is set back over
 * the time. If it is set forward over the time, both are the moment of that change.
 *
 * @param wallMs as {@link wallClock} returns it
 */
export const momentsOf = (wallMs: number, zone: string): { firstMs: number; lastMs: number } => {
  // No zone is further than 14 hours from UTC, and none changes its clocks twice within two days.
  const [before, after] = [-dayMs, dayMs].map(
    (shiftMs) => wallMs - (wallClock(wallMs + shiftMs, zone) - (wallMs + shiftMs)),
  ) as [number, number];
  const shown = [before, after].filter((atMs) => wallClock(atMs, zone) === wallMs);
  if (shown.length > 0) return { firstMs: Math.min(...shown), lastMs: Math.max(...shown) };
  const changeMs = firstAfter(wallMs, zone, after, before);
  return { firstMs: changeMs, lastMs: changeMs };
};

/** The first moment at which a clock shows a later time, between one before it and one after it. */
const firstAfter = (wallMs: number, zone: string, earlyMs: number, lateMs: number): number => {
  let [low, high] = [earlyMs, lateMs];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (wallClock(middle, zone) > wallMs) high = middle;
    else low = middle;
  }
  return high;
};

export const isTimeZone = (zone: string): boolean => {
  try {
    formatOf(zone);
    return true;
  } catch {
    return false;
  }
};

const formats = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError if there is no such zone */
const formatOf = (zone: string): Intl.DateTimeFormat => {
  const known = formats.get(zone);
  if (known) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  });
  formats.set(zone, format);
  return format;
};
