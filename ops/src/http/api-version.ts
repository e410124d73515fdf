import { defineFailure } from "../core/failure.ts";

/** A version of the API of a service. */
export interface ApiVersion {
  /** Its name: the day from which it is the newest, as `YYYY-MM-DD`. The version before it is deprecated from then on. */
  date: string;
  /** The day on which it ends, as `YYYY-MM-DD`. */
  sunset?: string;
}

/** A version, ready for responses. */
export interface ServedVersion {
  date: string;
  /** The headers of its responses besides `Vary`. */
  headers: readonly (readonly [name: string, value: string])[];
}

/** The header by which a client chooses a version, as Node names it. */
export const apiVersionHeader = "earlybird-version";

/** The same header, for people. */
export const apiVersionHeaderName = "EarlyBird-Version";

/** Each version has another response, so clients get at most two to choose from. */
const mostServed = 2;
const longestShown = 40;

const invalidVersions = defineFailure({
  code: "EB_API_VERSIONS",
  status: 500,
  exitStatus: 2,
  detail: "The declared API versions are invalid: {reason}.",
  remedy: "Declare one or two in apiVersions, newest first, with dates as YYYY-MM-DD.",
});

const versionNotServed = defineFailure({
  code: "EB_API_VERSION_NOT_SERVED",
  status: 406,
  detail: 'There is no API version "{asked}"; the service has {served}.',
  remedy: "Send one of these as EarlyBird-Version, or omit the header.",
});

/**
 * Checks the declared versions.
 *
 * @param declared newest first
 * @throws Failure EB_API_VERSIONS
 */
export const prepareVersions = (declared: readonly ApiVersion[]): readonly ServedVersion[] => {
  const reason = faultOf(declared);
  if (reason !== undefined) throw invalidVersions({ reason });
  return declared.map(({ date, sunset }, at) => {
    const newer = declared[at - 1];
    return {
      date,
      headers: [
        [apiVersionHeaderName, date],
        // RFC 9745 and RFC 8594: one counts seconds, the other is a date of HTTP.
        ...(newer ? [["Deprecation", `@${startOf(newer.date).getTime() / 1_000}`] as const] : []),
        ...(sunset !== undefined ? [["Sunset", startOf(sunset).toUTCString()] as const] : []),
      ],
    };
  });
};

const faultOf = (declared: readonly ApiVersion[]): string | undefined => {
  const [newest, older] = declared;
  if (!newest) return "the list is empty";
  if (declared.length > mostServed)
    return `${declared.length} are declared, and at most ${mostServed} served`;
  const dates = declared.flatMap(({ date, sunset }) => (sunset === undefined ? [date] : [date, sunset]));
  const strange = dates.find((date) => !isDay(date));
  if (strange !== undefined) return `"${strange}" is not a date`;
  if (older && older.date >= newest.date) return `${older.date} is not older than ${newest.date}`;
  const deprecated = older ? newest.date : undefined;
  if (older?.sunset !== undefined && deprecated !== undefined && older.sunset < deprecated)
    return `${older.date} ends on ${older.sunset}, before it is deprecated`;
  return undefined;
};

const isDay = (text: string): boolean => {
  const day = startOf(text);
  return !Number.isNaN(day.getTime()) && day.toISOString().slice(0, 10) === text;
};

const startOf = (day: string): Date => new Date(`${day}T00:00:00Z`);

/**
 * The version that a client asks for.
 *
 * @throws Failure EB_API_VERSION_NOT_SERVED with the list in `served`
 */
export const requestedVersion = (
  served: readonly ServedVersion[],
  asked: string | readonly string[],
): ServedVersion => {
  const found = served.find(({ date }) => date === asked);
  if (found) return found;
  const dates = served.map(({ date }) => date);
  const shown = String(asked).slice(0, longestShown);
  throw versionNotServed({ asked: shown, served: dates.join(" and ") }, { served: dates });
};

/**
 * The version for a client that asks for none: the newest that is not after its pin, else the oldest. A client is never
 * moved to a newer version than it was written for, unless its own has ended.
 */
export const defaultVersion = (served: readonly ServedVersion[], pinned: string | null): ServedVersion => {
  const known = pinned !== null && isDay(pinned) ? served.find(({ date }) => date <= pinned) : undefined;
  return known ?? (served.at(-1) as ServedVersion);
};

/** The value of `Vary` with the header added. */
export const varyWithVersion = (vary: unknown): string => {
  const given = [vary].flat().filter((value) => typeof value === "string" && value !== "");
  return [...given, apiVersionHeaderName].join(", ");
};
