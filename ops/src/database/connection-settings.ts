import type pg from "pg";

/** What is asked here has limits of its own: a request may be given less time than the merging of an hour takes. */
const withoutLimits = {
  statement_timeout: false,
  query_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
} as const;

/** What our parsers understand. */
const readAsText = { binary: false };

/** The settings by which a service reaches its database, for connections of our own. */
export const connectionSettings = ({ options: { password, ...settings } }: pg.Pool): pg.PoolConfig => ({
  ...settings,
  ...withoutLimits,
  ...readAsText,
  // The pool hides it from enumeration, so that it is not logged by accident.
  ...(password === undefined ? {} : { password }),
});
