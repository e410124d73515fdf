import { InvalidArgumentError } from "commander";

/** Reads an option that counts something. */
export const positiveInteger = (text: string): number => {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 1)
    throw new InvalidArgumentError("The value must be a positive integer.");
  return value;
};

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3_600, d: 86_400 };

/** Reads a duration such as `90s`, `30m`, `2h` or `1d`; answers seconds. */
export const seconds = (text: string): number => {
  const [, count, unit = ""] = /^(\d{1,9})([smhd])$/.exec(text) ?? [];
  if (count === undefined)
    throw new InvalidArgumentError("The value must be a duration, such as 90s, 30m, 2h or 1d.");
  return Number(count) * (unitSeconds[unit] ?? 0);
};

const isoTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/;

/** Reads a time: ISO 8601, or `09:00`, the next one on this machine's clock. Without an offset it is local. */
export const timeAhead = (text: string, now: Date): Date => {
  const [, hours, minutes] = /^([01]\d|2[0-3]):([0-5]\d)$/.exec(text) ?? [];
  if (hours !== undefined) {
    const time = new Date(now);
    time.setHours(Number(hours), Number(minutes), 0, 0);
    if (time <= now) time.setDate(time.getDate() + 1);
    return time;
  }
  const time = new Date(text);
  if (!isoTime.test(text) || Number.isNaN(time.getTime()))
    throw new InvalidArgumentError("The value must be a time, such as 09:00 or 2026-01-31T09:00+05:30.");
  return time;
};

/** Reads an option that names a database. */
export const postgresAddress = (text: string): URL => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^postgres(ql)?:$/.test(url.protocol))
    throw new InvalidArgumentError(
      "The value must be a URL, such as postgres://user:password@host:5432/database.",
    );
  return url;
};

/** Reads an option that names a server. */
export const serverAddress = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^https?:$/.test(url.protocol))
    throw new InvalidArgumentError("The value must be a URL, such as http://localhost:1001.");
  return text;
};
