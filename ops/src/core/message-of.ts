/** The message of an error; an AggregateError has none, so that of its first error. */
export const messageOf = (error: unknown): string => {
  const first = error instanceof AggregateError ? error.errors[0] : error;
  return first instanceof Error ? first.message || first.name : String(first);
};
