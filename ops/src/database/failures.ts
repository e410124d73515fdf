import { defineFailure } from "../core/failure.ts";

export const databaseUnavailable = defineFailure({
  code: "EB_DATABASE_UNAVAILABLE",
  status: 503,
  detail: "The database at {where} cannot be reached: {cause}.",
  remedy: "Start that server, or correct DATABASE_URL; if it is not set, try again.",
});

export const databaseRefused = defineFailure({
  code: "EB_DATABASE_REFUSED",
  status: 503,
  detail: "The database at {where} refused the connection: {cause}.",
  remedy: "Correct user, password or database name in DATABASE_URL, or create them on the server.",
});

export const databaseTooOld = defineFailure({
  code: "EB_DATABASE_VERSION",
  status: 500,
  detail: "The database at {where} is PostgreSQL {version}; EarlyBird needs {required} or newer.",
  remedy: "Upgrade it, or point DATABASE_URL to a PostgreSQL {required} or newer.",
});
