/** SQLSTATEs that a retry cannot fix: cardinality, data and integrity errors. */
const permanent = /^2[123]...$/;

/** Whether a write fails again however often it is repeated. */
export const isPermanent = (error: unknown): boolean =>
  permanent.test(error instanceof Error && "code" in error ? String(error.code) : "");
