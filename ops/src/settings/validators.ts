import { isIP } from "node:net";
import { z } from "zod";

/** What settings are made of: everything comes as text. */
export const text = z.string().min(1);

const placeholder = /change[-_ ]?me|your[-_ ]?(256[-_ ]?bit[-_ ]?)?secret|replace[-_ ]?(me|this)/i;
const fewestCharacters = 10;

/** A secret that cannot be guessed; what it is never appears in what is said of it. */
export const secretOf = (length: number) =>
  z
    .string()
    .min(length, `must have at least ${length} characters`)
    .refine(
      (secret) => new Set(secret).size >= fewestCharacters && !placeholder.test(secret),
      `is too weak: it has fewer than ${fewestCharacters} different characters, or is a placeholder; take one from "openssl rand -hex 32"`,
    );

export const port = z.coerce.number("must be a number").int("must be a whole number").min(1).max(65535);

export const switchedOn = z
  .enum(["true", "false"], "must be true or false")
  .transform((word) => word === "true");

/** A name of the IANA time zone database that this Node knows. */
export const timeZone = text.refine((name) => {
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    // An offset has no daylight saving, and PostgreSQL reads its sign the other way round.
    return !/^[+-]/.test(name);
  } catch {
    return false;
  }
}, "must be a time zone, such as Asia/Kolkata");

const namedNetworks = ["loopback", "linklocal", "uniquelocal"];

/** An address, a network as `10.0.0.0/8`, or one of the three names. */
const isNetwork = (place: string): boolean => {
  const [address = "", bits, ...rest] = place.split("/");
  if (bits === undefined) return namedNetworks.includes(place) || isIP(place) !== 0;
  const most = isIP(address) === 4 ? 32 : 128;
  return rest.length === 0 && isIP(address) !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= most;
};

export const networks = text.refine(
  (list) => list.split(",").every((place) => isNetwork(place.trim())),
  "must be addresses, networks like 10.0.0.0/8 or loopback, separated by commas",
);

const instant = String.raw`(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?(?:Z|[+-]\d\d:\d\d))`;
const interval = new RegExp(`^${instant}/${instant}$`);

/** Reads intervals of ISO 8601 with offsets, separated by commas; null for each that is none. */
export const readIntervals = (list: string): ({ from: Date; until: Date } | null)[] =>
  list.split(",").map((each) => {
    const [, from = "", until = ""] = interval.exec(each.trim()) ?? [];
    const found = { from: new Date(from), until: new Date(until) };
    return found.from < found.until ? found : null;
  });

export const intervals = text.refine(
  (list) => !readIntervals(list).includes(null),
  "must be intervals such as 2026-12-24T00:00+05:30/2026-12-27T00:00+05:30, separated by commas",
);

export const timeOfDay = text.regex(/^([01]\d|2[0-3]):[0-5]\d$/, "must be a time of day such as 22:00");
