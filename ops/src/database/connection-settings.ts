import type pg from "pg";

/** The platform sets its own limits: a service may allow less time than merging an hour takes. */
const withoutLimits = {
  statement_timeout: false,
  query_timeout: 0,
  lock_timeout: 0,
  idle_in_transaction_session_timeout: 0,
} as const;

/** The format that the type parsers read. */
const readAsText = { binary: false };

/** The connection settings of a service's pool, for separate connections. */
export const connectionSettings = ({ options: { password, ...settings } }: pg.Pool): pg.PoolConfig => ({
  ...settings,
  ...withoutLimits,
  ...readAsText,
  // The pool hides it from enumeration, so that it is not logged by accident.
  ...(password === undefined ? {} : { password }),
});
