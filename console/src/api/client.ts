import createClient from "openapi-fetch";
import { ApiError, type Problem } from "./api-error.ts";
import { SessionGate } from "./gate.ts";
import type { paths } from "./schema.ts";
import { otherTabs } from "./tabs.ts";

export { ApiError, type Problem } from "./api-error.ts";

/** The service's root, below the prefix of a proxy. The server knows how many levels the pages are below it. */
export const root = new URL(document.documentElement.dataset.root ?? "..", document.baseURI);

const tabs = otherTabs(root);

/** Sends the requests of the session, and none after it has ended. */
export const gate = new SessionGate({
  exclusively: (work) => tabs.exclusively("request", work),
  publish: () => tabs.send({ kind: "ended" }),
});

/** The routes that are for users without a session. */
const isOpen = ({ url, headers }: Request): boolean =>
  headers.has("authorization") || /\/(api\/console\/login|readyz)$/.test(new URL(url).pathname);

export const api = createClient<paths>({
  baseUrl: root.href.replace(/\/$/, ""),
  // Proves to the server that a write comes from these pages: another site cannot set it.
  headers: { "x-earlybird-console": "1" },
  fetch: (request) => (isOpen(request) ? fetch(request) : gate.fetch(request)),
});

/** The data of a response. @throws ApiError */
export const read = async <T>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> => {
  const { data, error, response } = await answered(request);
  if (!response.ok) throw new ApiError(response.status, isProblem(error) ? error : undefined);
  return data as T;
};

/** The health of a service, which a service that is unhealthy sends with status 503. @throws ApiError */
export const readHealth = async <T extends { status: unknown; reasons: unknown }>(
  request: Promise<{ data?: T; error?: unknown; response: Response }>,
): Promise<T> => {
  const { error } = await answered(request);
  return isHealth<T>(error) ? error : read(request);
};

const answered = <T>(request: Promise<T>): Promise<T> =>
  request.catch((error: unknown) => {
    throw error instanceof ApiError ? error : new ApiError(0, undefined);
  });

const isHealth = <T>(body: unknown): body is T =>
  typeof body === "object" && body !== null && "reasons" in body && "performance" in body;

const isProblem = (body: unknown): body is Problem =>
  typeof body === "object" && body !== null && "code" in body && "detail" in body;
