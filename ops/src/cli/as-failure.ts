import { Failure } from "../core/failure.ts";

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
  const { refusedByDatabase } = await import("../rollback/index.ts");
  return refusedByDatabase(error) ?? unforeseen(error);
};
