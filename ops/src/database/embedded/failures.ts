import { Failure } from "../../core/failure.ts";

export const noAccountForPostgres = (cause: unknown) =>
  new Failure(
    "EB_DATABASE_ACCOUNT",
    500,
    "PostgreSQL refuses to run as root, and the system account postgres is missing and cannot be created.",
    "Add it with `useradd --system postgres`, run EarlyBird as an ordinary user, or set DATABASE_URL.",
    {},
    { cause },
  );

export const noBinariesForPlatform = (platform: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_PLATFORM",
    500,
    `The embedded PostgreSQL for ${platform} is not installed.`,
    "Install again without --omit=optional, or set DATABASE_URL to use another PostgreSQL server.",
    {},
    { cause },
  );

export const dataDirectoryClosed = (dataDir: string) =>
  new Failure(
    "EB_DATABASE_DIRECTORY",
    500,
    `The account postgres, which runs PostgreSQL for root, can no longer enter ${dataDir}.`,
    "Make the directory and its parents accessible to other users, or move it to a directory that is.",
  );

export const dataDirectoryUnusable = (dataDir: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_DIRECTORY",
    500,
    `The data directory ${dataDir} cannot be used: ${cause instanceof Error ? cause.message : cause}`,
    "Run as the owner of the directory, correct its permissions, or set EARLYBIRD_DATA_DIR to another one.",
    {},
    { cause },
  );

export const postgresDidNotStart = (reason: string, logFile: string) =>
  new Failure(
    "EB_DATABASE_START",
    500,
    `Starting PostgreSQL failed: ${reason}`,
    `Check ${logFile}, or set DATABASE_URL to use another PostgreSQL server.`,
  );
