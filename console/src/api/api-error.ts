import type { components } from "./schema.ts";

export type Problem = components["schemas"]["Problem"];

/** A response that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
  ) {
    super(problem?.detail ?? explanationOf(status));
  }

  /** The service works, but its database does not. */
  get isDatabaseAway(): boolean {
    return this.problem?.code === "EB_DATABASE_UNAVAILABLE";
  }
}

const explanationOf = (status: number): string => {
  if (status === 0) return "The server cannot be reached.";
  return status === 401 ? "The session has ended." : `The server answered ${status}.`;
};
