import type pg from "pg";

/** Whoever watches the service waits no longer for an answer. */
export const answerWithinMs = 5_000;

const limits = ["statement", "lock", "idle_in_transaction_session", "transaction", "query"];
const limitNames = new Set(limits.map((limit) => `${limit}_timeout`));

/** What our parsers understand. */
const readAsText = { binary: false };

/** In an address or `options`, escaped or not; `deadlock_timeout` limits nothing. */
const writtenLimit = new RegExp(`(?<!dead)((?:${limits.join("|")})[_-]timeout(?:=|%3D))[\\w.]+`, "gi");

const withOurLimits = (text: string): string =>
  text.replaceAll(writtenLimit, (_, name: string) => `${name}${answerWithinMs}`);

/**
 * The settings by which the service reaches its database, for connections of our own. Where the service limits its
 * statements, the limits are ours: a request may be given less time than the merging of an hour takes. Nothing is
 * limited that the service does not limit, because a proxy in between may refuse a setting that it does not know.
 */
export const settingsLike = ({ options: settings }: pg.Pool): pg.PoolConfig => {
  const { password, connectionString, options } = settings;
  const set = Object.entries(settings).filter(([name, value]) => value && limitNames.has(name));
  return {
    ...settings,
    ...Object.fromEntries(set.map(([name]) => [name, answerWithinMs])),
    ...readAsText,
    ...(connectionString === undefined ? {} : { connectionString: withOurLimits(connectionString) }),
    ...(options === undefined ? {} : { options: withOurLimits(options) }),
    // The pool hides it from enumeration, so that it is not logged by accident.
    ...(password === undefined ? {} : { password }),
  };
};
