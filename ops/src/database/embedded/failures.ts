import { Failure } from "../../core/failure.ts";

export const noAccountForPostgres = (cause: unknown) =>
  new Failure(
    "EB_DATABASE_ACCOUNT",
    500,
    "PostgreSQL refuses to run as root, and the system account postgres is absent and could not be made.",
    "Add it with `useradd --system postgres`, start EarlyBird as an ordinary user, or set DATABASE_URL.",
    {},
    { cause },
  );

export const noBinariesForPlatform = (platform: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_PLATFORM",
    500,
    `The embedded PostgreSQL for ${platform} is not installed.`,
    "Install again without --omit=optional, or set DATABASE_URL to a PostgreSQL of your own.",
    {},
    { cause },
  );

export const dataDirectoryClosed = (dataDir: string) =>
  new Failure(
    "EB_DATABASE_DIRECTORY",
    500,
    `The account postgres, under which PostgreSQL runs for root, cannot enter ${dataDir} any more.`,
    "Open that directory and those above it to others again, or move it to where they are open.",
  );

export const dataDirectoryUnusable = (dataDir: string, cause: unknown) =>
  new Failure(
    "EB_DATABASE_DIRECTORY",
    500,
    `The data directory ${dataDir} cannot be used: ${cause instanceof Error ? cause.message : cause}`,
    "Run as the user it belongs to, correct its permissions, or set EARLYBIRD_DATA_DIR to another one.",
    {},
    { cause },
  );

export const keeperBroken = (exitCode: number, logFile: string) =>
  postgresDidNotStart("Starting PostgreSQL", `its keeper ended with exit code ${exitCode}.`, logFile);

export const keeperSilent = (waitedMs: number, logFile: string) =>
  postgresDidNotStart("Starting PostgreSQL", `no answer within ${waitedMs / 1000} s.`, logFile);

export const postgresDidNotStart = (what: string, reason: string, logFile: string) =>
  new Failure(
    "EB_DATABASE_START",
    500,
    `${what} failed: ${reason}`,
    `Read ${logFile} for the whole story, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
