import { Failure } from "../../lib/failure.ts";

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

export const postgresDidNotStart = (what: string, reason: string, logFile: string) =>
  new Failure(
    "EB_DATABASE_START",
    500,
    `${what} failed: ${reason}`,
    `Read ${logFile} for the whole story, or set DATABASE_URL to a PostgreSQL of your own.`,
  );
