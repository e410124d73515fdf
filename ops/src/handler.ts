import type { IncomingMessage, ServerResponse } from "node:http";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { accountFrom, BruteForceDetector, countRefusal } from "./alerts/index.ts";
import { createVersionGate, type HostVersionOptions } from "./http/api-version-host.ts";
import type { Operator } from "./http/authorization.ts";
import {
  addressOf,
  contextOf,
  type KoaContext,
  protocolOf,
  rememberContext,
  replayBody,
} from "./http/host-request.ts";
import { answerFrameworkError, problems } from "./http/problems.ts";
import { RouteTable } from "./http/route-table.ts";
import {
  createRecorder,
  expressRouteOf,
  leaveToPlugin,
  type RecorderOptions,
  type RouteOf,
} from "./monitoring/index.ts";
import { type EarlybirdOptions, earlybird } from "./plugin.ts";

/** The login of a service, for SECURITY_ALERT. */
export interface LoginRoute<Request> {
  /** Method and template, as `POST /login`. Its responses 401 and 429 count as failed logins. */
  route: string;
  /** The account that a request tries, as `request.body?.email`. */
  account?: (request: Request) => unknown;
}

/** As those of the plugin; functions get the request of the framework instead of Fastify's. */
export interface OpsHandlerOptions<Request extends IncomingMessage = IncomingMessage>
  extends Omit<
      EarlybirdOptions,
      "authorize" | "whoIs" | "recentlyAuthenticated" | "rateLimit" | "securityScheme" | "pinnedVersion"
    >,
    HostVersionOptions<Request> {
  /** Without it, the holder of `operatorToken` is the operator. */
  authorize?: (request: Request, role: "operator" | "admin") => Promise<Operator>;
  whoIs?: (request: Request) => Promise<Operator | null>;
  recentlyAuthenticated?: (request: Request) => Promise<void>;
  login?: LoginRoute<Request>;
  /** By default, the routes of Express and `@koa/router`. */
  routeOf?: RouteOf;
  /** Templates of the service's own probe routes, which count in no rate and no alert. */
  excludeFromRates?: readonly string[];
  /** Whether an error of a database means that it cannot be reached. Without it, no error does. */
  isDatabaseUnavailable?: (error: unknown) => boolean;
  log?: FastifyBaseLogger;
}

/** The platform in a service of any framework. All functions record the request, once. */
export interface OpsHandler {
  /**
   * For `node:http`. Returns whether the platform responds: the request is for one of its paths, or for an API version
   * that the service does not have.
   */
  handle(request: IncomingMessage, response: ServerResponse): boolean;
  /** Middleware for Express. Register it first. */
  handler(request: IncomingMessage, response: ServerResponse, next: () => void): void;
  /** Middleware for Koa. Register it first. */
  koa(context: KoaContext, next: () => Promise<unknown>): Promise<void>;
  /** Middleware for Express that only records, if `handler` is below a path and does not see all requests. */
  record(request: IncomingMessage, response: ServerResponse, next: () => void): void;
  /** Releases what the routes use. Does not stop the monitoring. */
  close(): Promise<void>;
}

/**
 * The platform for services without Fastify: the routes of the plugin `earlybird` without a server of their own, the
 * recording of all requests, and SECURITY_ALERT.
 */
export const createOpsHandler = async <Request extends IncomingMessage = IncomingMessage>(
  options: OpsHandlerOptions<Request>,
): Promise<OpsHandler> => {
  const acceptVersion = createVersionGate(options);
  const routes = new RouteTable();
  const app = await createApp(options, routes);
  const record = createRecorder(options.monitoring, {
    routeOf: options.routeOf ?? frameworkRouteOf,
    ...(options.excludeFromRates && { excludeFromRates: options.excludeFromRates }),
    ...securityCounters(options, app.log),
  });
  const handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    if (!routes.has(request.method ?? "GET", request.url ?? "/")) {
      record(request, response);
      return !acceptVersion(request, response);
    }
    leaveToPlugin(request);
    // Koa sets 404, and Fastify takes over any status that is set.
    response.statusCode = 200;
    app.routing(request, response);
    return true;
  };
  return {
    handle,
    handler: (request, response, next) => {
      if (!handle(request, response)) next();
    },
    koa: async (context, next) => {
      rememberContext(context);
      if (handle(context.req, context.res)) context.respond = false;
      else await next();
    },
    record: (request, response, next) => {
      record(request, response);
      next();
    },
    close: () => app.close(),
  };
};

const createApp = async <Request extends IncomingMessage>(
  options: OpsHandlerOptions<Request>,
  routes: RouteTable,
): Promise<FastifyInstance> => {
  const { authorize, whoIs, recentlyAuthenticated, isDatabaseUnavailable, log, ...given } = options;
  // The service has versions, the platform none.
  const { apiVersions: _versions, pinnedVersion: _pinned, ...others } = given;
  const app = fastify({
    frameworkErrors: answerFrameworkError,
    ...(log && { loggerInstance: log }),
    logController: new LogController({ disableRequestLogging: true }),
  });
  app.addHook("onRoute", ({ method, url }) => routes.add(method, url));
  app.addHook("onRequest", async (request) => {
    const protocol = protocolOf(request.raw);
    Object.defineProperty(request, "ip", { value: addressOf(request.raw) });
    if (protocol !== undefined) Object.defineProperty(request, "protocol", { value: protocol });
  });
  app.addHook("preParsing", async ({ raw }, _reply, payload) => replayBody(raw) ?? payload);
  await app.register(problems, isDatabaseUnavailable ? { isDatabaseUnavailable } : {});
  await app.register(earlybird, {
    ...others,
    ...(authorize && { authorize: ({ raw }, role) => authorize(raw as Request, role) }),
    ...(whoIs && { whoIs: ({ raw }) => whoIs(raw as Request) }),
    ...(recentlyAuthenticated && {
      recentlyAuthenticated: ({ raw }) => recentlyAuthenticated(raw as Request),
    }),
  });
  await app.ready();
  return app;
};

const frameworkRouteOf: RouteOf = (request) => {
  const matched = contextOf(request)?._matchedRoute;
  return matched === undefined ? expressRouteOf(request) : String(matched);
};

/** Count the denied requests and the logins of the service; the plugin counts those of the platform's routes. */
const securityCounters = <Request extends IncomingMessage>(
  { monitoring, alerts, security, isPrivileged, whoIs, login }: OpsHandlerOptions<Request>,
  log: FastifyBaseLogger,
): Pick<RecorderOptions, "onRefused" | "onAccepted"> => {
  const { clock } = monitoring;
  const watch = new BruteForceDetector({ alarm: alerts, clock, thresholds: security, isPrivileged });
  const loginOf = (request: IncomingMessage, route: string) =>
    login?.route === route ? { account: accountOf(login, request as Request) } : undefined;
  return {
    onRefused: (request, { statusCode: status }, route) => {
      const refusal = { address: addressOf(request), route, status, login: loginOf(request, route) };
      const whoIsIt = async () => (whoIs ? whoIs(request as Request) : null);
      countRefusal({ ...refusal, whoIs: whoIsIt }, { watch, harmless: [], log });
    },
    onAccepted: (request, { statusCode }, route) => {
      const tried = statusCode < 300 ? loginOf(request, route) : undefined;
      if (tried)
        watch.succeededLogin({ address: addressOf(request), route, account: accountFrom(tried.account) });
    },
  };
};

/** The request may have any body. */
const accountOf = <Request>({ account }: LoginRoute<Request>, request: Request): unknown => {
  try {
    return account?.(request);
  } catch {
    return undefined;
  }
};
