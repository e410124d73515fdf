import createClient from "openapi-fetch";
import type { components, paths } from "./schema.ts";

export type Problem = components["schemas"]["Problem"];

/** The service's root: the pages are one level below it. */
export const root = new URL("..", document.baseURI);

export const api = createClient<paths>({
  baseUrl: root.href.replace(/\/$/, ""),
  // Proves to the server that a write comes from these pages: another site cannot set it.
  headers: { "x-earlybird-console": "1" },
});

/** A response that is not a success, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem | undefined,
  ) {
    super(
      problem?.detail ?? (status === 0 ? "The server cannot be reached." : `The server answered ${status}.`),
    );
  }
}

/** The data of a response. @throws ApiError */
export const read = async <T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> => {
  const { data, error, response } = await request.catch(() => {
    throw new ApiError(0, undefined);
  });
  if (!response.ok) throw new ApiError(response.status, isProblem(error) ? error : undefined);
  return data as T;
};

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && "code" in body && "detail" in body;
