import {
  answerClientError,
  answerFrameworkError,
  type Backups,
  earlybird,
  type Logger,
  type Observed,
  problems,
  type Releases,
} from "@earlybird-ops/platform";
import type { RollbackManager } from "@earlybird-ops/platform/rollback";
import fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import {
  authorizeOperator,
  authRoutes,
  demandRecentLogin,
  guardRoutes,
  isPrivilegedAccount,
  whoIs,
} from "./auth/index.ts";
import { billingRoutes } from "./billing/index.ts";
import { today } from "./calendar.ts";
import type { ApiContext } from "./context.ts";
import { courierRoutes } from "./couriers/index.ts";
import { customerRoutes, linkRoutes } from "./customers/index.ts";
import { consoleFigures, dashboardRoutes } from "./dashboard/index.ts";
import { isDatabaseUnreachable } from "./database-unreachable.ts";
import { correctionRoutes, deliveryRoutes } from "./deliveries/index.ts";
import { apiVersions } from "./http/api-versions.ts";
import { addOldPaths, gateConsolidatedRoutes } from "./http/consolidated-routes.ts";
import { acceptEmptyJson } from "./http/json-body.ts";
import { bearer, registerOpenApi } from "./http/openapi.ts";
import { registerRateLimit, registerSecurityHeaders, registerTokens } from "./http/protection.ts";
import { countTrafficWith } from "./http/route-traffic.ts";
import { acceptIdempotencyKeys, withStoredResults } from "./idempotency/index.ts";
import { acceptEitherStyle } from "./ids/index.ts";
import { orderRoutes } from "./orders/index.ts";
import { productRoutes } from "./products/index.ts";
import { sharedLinkRoutes } from "./shared-links/index.ts";
import { subscriptionRoutes } from "./subscriptions/index.ts";
import { userRoutes } from "./users/index.ts";

/** What the server is built from. */
export interface ServerContext extends ApiContext {
  log: Logger;
  /** What watches the service. */
  observed: Observed;
  rollback: RollbackManager;
  /** Without them, there are no routes about backups. */
  backups?: Backups;
  /** Without them, there are no routes about releases. */
  releases?: Releases | undefined;
  version: string;
  /** Proxies whose `X-Forwarded-For` says who asks: addresses and networks, separated by commas. */
  trustProxy?: string;
}

/** Builds the whole server and does not listen: `main.ts` does, tests inject. */
export const buildServer = async (given: ServerContext): Promise<FastifyInstance> => {
  const context = { ...given, changes: withStoredResults(given.changes) };
  const app: FastifyInstance = fastify({
    loggerInstance: context.log as FastifyBaseLogger,
    // Notable events are logged where they happen; requests are counted, not logged.
    logController: new LogController({ disableRequestLogging: true }),
    trustProxy: context.trustProxy ?? false,
    bodyLimit: 256 * 1_024,
    // A request that is still coming after this long is answered with 408. Node exchanges the two where the headers have
    // the longer time.
    requestTimeout: 30_000,
    http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000 },
    clientErrorHandler: answerClientError,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: answerFrameworkError,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("login", null);
  acceptEmptyJson(app);
  // In this order: the documentation sees every route, and the platform every request, also refused ones.
  await registerSecurityHeaders(app);
  await app.register(problems, { isDatabaseUnavailable: isDatabaseUnreachable });
  const rateLimit = await registerRateLimit(app);
  await registerOpenApi(app, context.version);
  const { observed, rollback, backups, releases, version } = context;
  countTrafficWith(observed.monitoring.performance);
  await app.register(earlybird, {
    ...observed,
    rollback,
    backups,
    releases,
    version,
    apiVersions,
    securityScheme: bearer,
    rateLimit,
    // What happens to those who have the right to be here: their step is rolled back, their login is a while ago.
    harmlessRefusals: [
      "EB_LOGIN_NOT_LINKED",
      "EB_REAUTHENTICATION_NEEDED",
      "EB_TOTP_NEEDED",
      "EB_TOTP_ENROLMENT_NEEDED",
      "EB_TOKEN_EXPIRED",
    ],
    authorize: authorizeOperator(app, context),
    recentlyAuthenticated: demandRecentLogin(context),
    whoIs: whoIs(app, context),
    isPrivileged: isPrivilegedAccount(context),
    console: {
      login: {
        kind: "password",
        url: "/api/auth/login",
        refreshUrl: "/api/auth/refresh",
        logoutUrl: "/api/auth/logout",
      },
      secret: context.jwtSecret,
      timeZone: context.clock.timeZone,
      locale: "en-IN",
      units: { paise: { style: "currency", currency: "INR", divideBy: 100 } },
      figures: () => consoleFigures(context.db, today(context.clock)),
    },
  });
  await registerTokens(app, context.jwtSecret);
  await app.register(async (api) => {
    gateConsolidatedRoutes(api, context);
    guardRoutes(api, context);
    acceptIdempotencyKeys(api, context);
    acceptEitherStyle(api, context);
    // Last of the five: an old path is a copy of what the others have made of the new one.
    addOldPaths(api, app);
    await api.register(authRoutes, { ...context, prefix: "/api/auth" });
    await api.register(userRoutes, { ...context, prefix: "/api/users" });
    await api.register(customerRoutes, { ...context, prefix: "/api/customers" });
    await api.register(linkRoutes, { ...context, prefix: "/api/customers" });
    await api.register(productRoutes, { ...context, prefix: "/api/products" });
    await api.register(subscriptionRoutes, { ...context, prefix: "/api/subscriptions" });
    await api.register(orderRoutes, { ...context, prefix: "/api/orders" });
    await api.register(deliveryRoutes, { ...context, prefix: "/api/deliveries" });
    await api.register(correctionRoutes, { ...context, prefix: "/api/deliveries" });
    await api.register(courierRoutes, { ...context, prefix: "/api/couriers" });
    await api.register(sharedLinkRoutes, { ...context, prefix: "/api/shared-links" });
    await api.register(billingRoutes, { ...context, prefix: "/api/billing" });
    await api.register(dashboardRoutes, { ...context, prefix: "/api/dashboard" });
  });
  app.get("/", { schema: { hide: true } }, (_request, reply) => reply.redirect("console"));
  return app;
};
