import { Failure } from "../core/failure.ts";

const checkAddress = "Start that server, or correct DATABASE_URL; where that is not set, try again.";

export const databaseUnavailable = (where: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_UNAVAILABLE",
    503,
    `The database at ${where} cannot be reached: ${reasonOf(cause)}.`,
    checkAddress,
  );

export const databaseRefused = (where: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_REFUSED",
    503,
    `The database at ${where} refuses us: ${reasonOf(cause)}.`,
    "Correct user, password or database name in DATABASE_URL, or create them on that server.",
  );

export const databaseTooOld = (where: string, version: string, required: number) =>
  new Failure(
    "EB_DATABASE_VERSION",
    500,
    `The database at ${where} is PostgreSQL ${version}; EarlyBird needs ${required} or newer.`,
    `Upgrade it, or point DATABASE_URL to a PostgreSQL ${required} or newer.`,
  );

/** The driver's words, which name users and hosts but never a password; an AggregateError has none. */
const reasonOf = (cause: unknown): string => {
  const first = cause instanceof AggregateError ? cause.errors[0] : cause;
  return first instanceof Error ? first.message || first.name : String(first);
};
