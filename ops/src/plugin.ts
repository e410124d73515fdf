import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import {
  type AlertManager,
  AlertType,
  alertRoutes,
  type MuteEvent,
  type NotificationDispatcher,
  noteRefusal,
  RefusalWatch,
  type SecurityThresholds,
  watchTrespasses,
} from "./alerts/index.ts";
import type { Authorize, WhoIs } from "./http/authorization.ts";
import { describeSecurity } from "./http/openapi-security.ts";
import {
  type Fleet,
  healthRoutes,
  historyRoute,
  type MonitoringService,
  metricsRoute,
  recordRequests,
} from "./monitoring/index.ts";
import { EventQueue, type RollbackManager, rollbackRoutes } from "./rollback/index.ts";

/** What watches a service and tells people, as {@link startMonitoring} starts it. */
export interface Observed {
  monitoring: MonitoringService;
  /** All instances of the service; left out, nothing is known of the others or of the past. */
  fleet?: Fleet;
  alerts: AlertManager;
  /** Whoever brings the notifications to people. */
  dispatcher: NotificationDispatcher;
  /** From how many refusals on there is an alert; left out, ten failed logins or twenty refusals in five minutes. */
  security?: SecurityThresholds;
  /** Whoever sends it as a bearer token may read `/metrics`; left out, only operators and this machine may. */
  metricsToken?: string | undefined;
}

export interface EarlybirdOptions extends Observed {
  authorize: Authorize;
  /** Reversible changes; left out, there are no routes about them. */
  rollback?: RollbackManager;
  /** Refuses an admin whose login is too old to move a critical step; left out, no login is. */
  recentlyAuthenticated?: (request: FastifyRequest) => Promise<void>;
  /** Names in the ledger whoever attempts what they may not; left out, such attempts are only logged. */
  whoIs?: WhoIs;
  /** Codes of refusals (401, 403) that say nothing against whoever is refused, and are not counted. */
  harmlessRefusals?: readonly string[];
  /** Turns floods away from the platform's routes before anything is looked up for them; left out, nothing does. */
  rateLimit?: onRequestAsyncHookHandler;
  /** The scheme of the service's OpenAPI document by which operators log in; left out, none is named. */
  securityScheme?: string;
  /** Of the service, as `/api/health` tells it. */
  version: string;
}

/**
 * The platform as a Fastify plugin: records every request, and serves health, alerts and rollback. Register it before
 * other hooks, so that requests they refuse are recorded too, and together with {@link problems}, which
 * answers its refusals. It neither starts nor stops what it is given.
 */
export const earlybird = fastifyPlugin(
  async (
    app: FastifyInstance,
    { monitoring, alerts, dispatcher, authorize, rollback, version, ...options }: EarlybirdOptions,
  ) => {
    const { fleet, whoIs = async () => null, security, harmlessRefusals = [], securityScheme } = options;
    const { metricsToken, rateLimit, recentlyAuthenticated } = options;
    const { clock, performance } = monitoring;
    const watch = new RefusalWatch({ alarm: alerts, clock, thresholds: security });
    const operator = (request: FastifyRequest) => authorize(request, "operator");
    const operatorOnly = async (request: FastifyRequest) => {
      await operator(request);
    };
    const mayOperate = (request: FastifyRequest) =>
      operator(request).then(
        () => true,
        () => false,
      );
    const refusals = { watch, whoIs, mayOperate, harmless: harmlessRefusals, log: app.log };
    recordRequests(app, {
      performance,
      onRefused: (request, reply) => noteRefusal(request, reply, refusals),
    });
    // In a scope of its own: the app's routes may validate with something other than zod.
    await app.register(async (scope) => {
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.addHook("onRequest", async (_request, reply) => {
        reply.header("cache-control", "no-store");
      });
      if (rateLimit) scope.addHook("onRequest", rateLimit);
      watchTrespasses(scope, refusals);
      if (securityScheme !== undefined) describeSecurity(scope, securityScheme);
      await scope.register(healthRoutes, {
        monitoring,
        fleet,
        version,
        firingAlerts: () => alerts.active(),
        followers: rollback && (async () => (await rollback.getOverview()).followers),
        operatorOnly,
      });
      if (fleet) await scope.register(historyRoute, { fleet, clock, operatorOnly });
      await scope.register(metricsRoute, {
        monitoring,
        version,
        firing: () => firingByType(alerts),
        token: metricsToken,
        operatorOnly,
      });
      const events =
        rollback && new EventQueue({ record: (event) => rollback.recordEvent(event), log: app.log });
      scope.addHook("onClose", () => events?.close());
      const onSecurityMute = events && ((event: MuteEvent) => events.add(event));
      await scope.register(alertRoutes, { alerts, dispatcher, operator, onSecurityMute });
      if (!rollback) return;
      const leave = rollback.attend(alerts);
      scope.addHook("onClose", leave);
      const admin = (request: FastifyRequest) => authorize(request, "admin");
      await scope.register(rollbackRoutes, {
        manager: rollback,
        clock,
        mayOperate,
        operatorOnly,
        admin,
        whoIs,
        recentlyAuthenticated,
      });
    });
  },
  { name: "earlybird", fastify: "5.x" },
);

/** Every type is named, so that a graph shows when there was nothing. */
const firingByType = (alerts: AlertManager): Record<string, number> => {
  const active = alerts.active();
  return Object.fromEntries(
    Object.values(AlertType).map((type) => [type, active.filter((alert) => alert.type === type).length]),
  );
};

export default earlybird;
