import { Failure } from "../lib/failure.ts";

const schemaMissing = () =>
  new Failure(
    "EB_SCHEMA_MISSING",
    409,
    "This database does not have EarlyBird's tables yet.",
    'Create them with "earlybird schema", or start the service once.',
  );

const databaseLost = () =>
  new Failure(
    "EB_DATABASE_UNAVAILABLE",
    503,
    "The database cannot be reached.",
    "Check that it runs and that DATABASE_URL is right; then try again.",
  );

const unforeseen = (error: unknown) =>
  new Failure(
    "EB_INTERNAL",
    500,
    error instanceof Error ? (error.stack ?? error.message) : String(error),
    "This is a defect; please report it with this text.",
    {},
    { cause: error },
  );

/** Whatever a command threw, as something a person can act on. */
export const asFailure = async (error: unknown): Promise<Failure> => {
  if (error instanceof Failure) return error;
  const { isDatabaseUnavailable } = await import("../database/index.ts");
  if (isDatabaseUnavailable(error)) return databaseLost();
  const undefinedTable = error instanceof Error && "code" in error && error.code === "42P01";
  return undefinedTable && /"?earlybird\./.test(error.message) ? schemaMissing() : unforeseen(error);
};
