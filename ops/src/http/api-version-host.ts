import type { IncomingMessage, ServerResponse } from "node:http";
import type { Failure } from "../core/failure.ts";
import {
  type ApiVersion,
  apiVersionHeader,
  defaultVersion,
  prepareVersions,
  requestedVersion,
  varyWithVersion,
} from "./api-version.ts";

declare module "node:http" {
  interface IncomingMessage {
    /** The API version of the request, as `2026-11-01`; undefined if the service declares none. */
    apiVersion?: string;
  }
}

export interface HostVersionOptions<Request extends IncomingMessage> {
  /** The API versions of the service: one or two, newest first. Without it, requests have no version. */
  apiVersions?: readonly ApiVersion[] | undefined;
  /**
   * The version that the login of a request was made for; null if it has none. Called before the middleware of the
   * service, and only for requests without `EarlyBird-Version`. It must not throw.
   */
  pinnedVersion?: ((request: Request) => string | null) | undefined;
}

/**
 * Creates a function that gives a request of any framework its version, and its response the headers. It returns false if
 * it has refused the request.
 *
 * @throws Failure EB_API_VERSIONS
 */
export const createVersionGate = <Request extends IncomingMessage>({
  apiVersions,
  pinnedVersion,
}: HostVersionOptions<Request>): ((request: IncomingMessage, response: ServerResponse) => boolean) => {
  if (!apiVersions) return () => true;
  const served = prepareVersions(apiVersions);
  const versionOf = (request: IncomingMessage) => {
    const asked = request.headers[apiVersionHeader];
    if (asked !== undefined) return requestedVersion(served, asked);
    return defaultVersion(served, pinnedVersion?.(request as Request) ?? null);
  };
  return (request, response) => {
    response.setHeader("vary", varyWithVersion(response.getHeader("vary")));
    try {
      const { date, headers } = versionOf(request);
      request.apiVersion = date;
      for (const [name, value] of headers) response.setHeader(name, value);
      return true;
    } catch (error) {
      refuse(response, error as Failure);
      return false;
    }
  };
};

const refuse = (response: ServerResponse, failure: Failure): void => {
  const body = JSON.stringify(failure.toProblem());
  response.writeHead(failure.status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
};
