import type {
  FastifyInstance,
  FastifyRequest,
  onRequestHookHandler,
  onSendHookHandler,
  preValidationAsyncHookHandler,
} from "fastify";
import {
  type ApiVersion,
  apiVersionHeader,
  defaultVersion,
  prepareVersions,
  requestedVersion,
  varyWithVersion,
} from "./api-version.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The API version of the request, as `2026-11-01`; empty if the service declares none. */
    apiVersion: string;
  }
  interface FastifyContextConfig {
    /** The API versions that the route serves, for the OpenAPI document. */
    apiVersions?: readonly string[];
  }
}

export interface ApiVersionOptions {
  /** The API versions of the service: one or two, newest first. Without it, requests have no version. */
  apiVersions?: readonly ApiVersion[] | undefined;
  /**
   * The version that the login of a request was made for; null if it has none. Called after all `onRequest` hooks, so
   * the login is known, and only for requests without `EarlyBird-Version`.
   */
  pinnedVersion?: ((request: FastifyRequest) => Promise<string | null> | string | null) | undefined;
}

/**
 * Gives each request to a route that is registered after it in this scope a version, and its response the headers.
 *
 * @throws Failure EB_API_VERSIONS
 */
export const serveApiVersions = (
  app: FastifyInstance,
  { apiVersions, pinnedVersion }: ApiVersionOptions,
): void => {
  app.decorateRequest("apiVersion", "");
  if (!apiVersions) return;
  const served = prepareVersions(apiVersions);
  const dates = served.map(({ date }) => date);
  const unpinned = defaultVersion(served, null).date;
  const choose: onRequestHookHandler = (request, _reply, done) => {
    const asked = request.headers[apiVersionHeader];
    try {
      if (asked !== undefined) request.apiVersion = requestedVersion(served, asked).date;
      else if (!pinnedVersion) request.apiVersion = unpinned;
      done();
    } catch (error) {
      done(error as Error);
    }
  };
  const choosePinned: preValidationAsyncHookHandler = async (request) => {
    if (request.apiVersion !== "") return;
    request.apiVersion = defaultVersion(served, (await pinnedVersion?.(request)) ?? null).date;
  };
  // When the response is sent, because plugins and handlers may set Vary.
  const describe: onSendHookHandler = (request, reply, _payload, done) => {
    reply.header("vary", varyWithVersion(reply.getHeader("vary")));
    const version = served.find(({ date }) => date === request.apiVersion);
    for (const [name, value] of version?.headers ?? []) reply.header(name, value);
    done();
  };
  // Hooks of the scope would also run on routes that were registered before.
  app.addHook("onRoute", (route) => {
    route.config = { ...route.config, apiVersions: dates };
    route.onRequest = withHook(route.onRequest, choose);
    if (pinnedVersion) route.preValidation = withHook(route.preValidation, choosePinned);
    route.onSend = withHook(route.onSend, describe);
  });
};

/** A route that is made from another one, such as an old path, has its hooks already. */
const withHook = <Hook>(hooks: Hook | Hook[] | undefined, hook: Hook): Hook[] => {
  const given = [hooks ?? []].flat() as Hook[];
  return given.includes(hook) ? given : [hook, ...given];
};
