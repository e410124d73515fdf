import { defineFailure, Failure } from "../core/failure.ts";

const unexpected = defineFailure({
  code: "EB_INTERNAL",
  status: 500,
  detail: "{error}",
  remedy: "This is a bug; report it with this output.",
});

/** Whatever a command threw, as something a person can act on. */
export const asFailure = async (error: unknown): Promise<Failure> => {
  if (error instanceof Failure) return error;
  const { refusedByDatabase } = await import("../rollback/index.ts");
  return (
    refusedByDatabase(error) ??
    unexpected(
      { error: error instanceof Error ? (error.stack ?? error.message) : String(error) },
      {},
      { cause: error },
    )
  );
};
