import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import {
  type AlertManager,
  AlertType,
  alertRoutes,
  BruteForceDetector,
  type MuteEvent,
  type NotificationDispatcher,
  recordRefusal,
  type SecurityThresholds,
  watchLogins,
  watchUnauthorizedAccess,
} from "./alerts/index.ts";
import { attendBackups, type BackupManager, backupRoutes } from "./backups/index.ts";
import {
  type ConsoleOptions,
  consolePages,
  createSealer,
  figuresRoute,
  liveRoute,
  notForConsole,
  sessionRoutes,
  settingsRoute,
  useCredentials,
} from "./console/index.ts";
import { loadReleaseRoutes, ReleaseHistory, type Releases } from "./deployment/index.ts";
import { type ApiVersionOptions, serveApiVersions } from "./http/api-version-hooks.ts";
import type { Authorize, WhoIs } from "./http/authorization.ts";
import { describeSecurity } from "./http/openapi-security.ts";
import { authorizeByToken } from "./http/operator-token.ts";
import { incidentRoute } from "./incidents/index.ts";
import { liveSources } from "./live-sources.ts";
import {
  excludeFromRates,
  type Fleet,
  failedRequestOf,
  fleetRoutes,
  healthRoutes,
  type MonitoringService,
  metricsRoute,
  recordRequests,
} from "./monitoring/index.ts";
import { EventQueue, type RollbackManager, rollbackRoutes } from "./rollback/index.ts";
import type { SettingReport } from "./settings/settings-report.ts";
import { suspectRoutes } from "./suspects/index.ts";
import { timelineRoute, timelineSources } from "./timeline/index.ts";

/** Monitoring and alerts of a service, as {@link startMonitoring} starts them. */
export interface Observed {
  monitoring: MonitoringService;
  /** History of all instances of the service. Without it, only this process since its start is known. */
  fleet?: Fleet | undefined;
  alerts: AlertManager;
  /** Delivers the notifications to the channels. */
  dispatcher: NotificationDispatcher;
  /** Thresholds of SECURITY_ALERT; by default ten failed logins or twenty refusals in five minutes. */
  security?: SecurityThresholds;
  /** Bearer token for `/metrics`. Without it, only operators and clients on this machine may read them. */
  metricsToken?: string | undefined;
  /** Bearer token of the operator. Has no effect if `authorize` is set. */
  operatorToken?: string | undefined;
  /** The settings of the service for display, without the values of secrets. */
  settings?: readonly SettingReport[];
}

/** Backups of a service, and when they are made by themselves. */
export interface Backups {
  manager: BackupManager;
  /** A daily backup at `HH:MM` on the clocks of the zone, made by one instance. */
  schedule?: { time: string; timeZone: string } | undefined;
}

export interface EarlybirdOptions extends Observed, ApiVersionOptions {
  /** Without it, the holder of `operatorToken` is the operator. */
  authorize?: Authorize;
  /** Reversible changes. Without it, the routes under `/api/rollback` are not registered. */
  rollback?: RollbackManager;
  /** Backups of the database. Without it, the routes under `/api/backups` are not registered. */
  backups?: Backups | undefined;
  /** Releases of the service. Without it, the routes under `/api/releases` are not registered. */
  releases?: Releases | undefined;
  /** Throws if the login is too old to move a critical step. Without it, the age of logins is not checked. */
  recentlyAuthenticated?: (request: FastifyRequest) => Promise<void>;
  /** Identifies users whose unauthorized attempts go into the ledger. Without it, they are only logged. */
  whoIs?: WhoIs;
  /** Whether an account, as `loginFor` names it, belongs to an admin or operator: failed logins for it are critical. */
  isPrivileged?: (account: string) => Promise<boolean>;
  /** Error codes of 401 and 403 responses that SECURITY_ALERT does not count, such as an expired token. */
  harmlessRefusals?: readonly string[];
  /** Limits the request rate of the platform's routes before any lookup. Without it, there is no limit. */
  rateLimit?: onRequestAsyncHookHandler;
  /** Name of the security scheme in the service's OpenAPI document; without it, none is declared. */
  securityScheme?: string;
  /** Version of the service, as `/api/health` reports it. */
  version: string;
  /** The pages for operators, served at `path`. By default, they are served only if the operator token is used. */
  console?: ConsoleOptions | false;
}

/**
 * The platform as a Fastify plugin: records every request, and serves health, alerts and rollback. Register it before
 * other hooks, so that it also records the requests they refuse, and together with {@link problems}, which turns its
 * failures into responses. It neither starts nor stops the objects in its options.
 */
export const earlybird = fastifyPlugin(
  async (
    app: FastifyInstance,
    { monitoring, alerts, dispatcher, rollback, backups, releases, version, ...options }: EarlybirdOptions,
  ) => {
    const { authorize, console } = accessOf(options);
    const { fleet, whoIs = async () => null, security, harmlessRefusals = [], securityScheme } = options;
    const { metricsToken, rateLimit, recentlyAuthenticated, settings } = options;
    const { clock, performance } = monitoring;
    const { isPrivileged } = options;
    const history = releases && new ReleaseHistory({ dataDir: releases.dataDir, clock });
    const watch = new BruteForceDetector({ alarm: alerts, clock, thresholds: security, isPrivileged });
    watchLogins(app, watch);
    const operator = (request: FastifyRequest) => authorize(request, "operator");
    const operatorOnly = async (request: FastifyRequest) => {
      await operator(request);
    };
    const mayOperate = (request: FastifyRequest) =>
      operator(request).then(
        () => true,
        () => false,
      );
    const refusals = {
      watch,
      whoIs,
      mayOperate,
      harmless: [...harmlessRefusals, notForConsole],
      log: app.log,
    };
    recordRequests(app, {
      performance,
      onRefused: (request, reply) => {
        recordRefusal(request, reply, refusals);
        fleet?.recordError(failedRequestOf(request, reply));
      },
    });
    // A scope of its own: the routes of the app may use another validator than zod.
    await app.register(async (scope) => {
      excludeFromRates(scope);
      scope.setValidatorCompiler(validatorCompiler);
      scope.setSerializerCompiler(serializerCompiler);
      scope.addHook("onRequest", async (_request, reply) => {
        reply.header("cache-control", "no-store");
      });
      if (rateLimit) scope.addHook("onRequest", rateLimit);
      if (securityScheme !== undefined) describeSecurity(scope, securityScheme);
      if (console) {
        const sealer = createSealer(console.secret, "console session");
        scope.addHook("onRequest", async (request) =>
          useCredentials(request, { sealer, login: console.login }),
        );
        const features = {
          rollback: rollback !== undefined,
          fleet: fleet !== undefined,
          releases: releases !== undefined,
        };
        await scope.register(sessionRoutes, {
          console,
          sealer,
          authorize,
          clock,
          version,
          features,
        });
        const { figures } = console;
        await scope.register(figuresRoute, { figures, clock, log: app.log, operatorOnly });
      }
      watchUnauthorizedAccess(scope, refusals);
      await scope.register(healthRoutes, {
        monitoring,
        fleet,
        version,
        firingAlerts: () => alerts.active(),
        followers: rollback && (async () => (await rollback.getOverview()).followers),
        operatorOnly,
      });
      if (fleet) await scope.register(fleetRoutes, { fleet, clock, operatorOnly });
      await scope.register(metricsRoute, {
        monitoring,
        version,
        firing: () => firingByType(alerts),
        declared: () => alerts.firingDeclared(),
        token: metricsToken,
        operatorOnly,
      });
      const events =
        rollback && new EventQueue({ record: (event) => rollback.recordEvent(event), log: app.log });
      scope.addHook("onClose", () => events?.close());
      const onSecurityMute = events && ((event: MuteEvent) => events.add(event));
      await scope.register(alertRoutes, { alerts, dispatcher, operator, onSecurityMute, settings });
      const suspectSources = { alerts, rollback, fleet, releases: history };
      await scope.register(suspectRoutes, { sources: suspectSources, operatorOnly });
      const timeline = timelineSources({ alerts, rollback, fleet, releases: history, clock });
      await scope.register(timelineRoute, { sources: timeline, clock, operatorOnly });
      const incidents = { ...suspectSources, timeline };
      const style = console || {};
      await scope.register(incidentRoute, { sources: incidents, style, clock, operatorOnly });
      const sources = liveSources({ monitoring, alerts, version, rollback, releases: history });
      await scope.register(liveRoute, { sources, clock, log: app.log, operatorOnly });
      await scope.register(settingsRoute, { settings: settings ?? [], operatorOnly });
      const admin = (request: FastifyRequest) => authorize(request, "admin");
      if (backups) {
        await scope.register(backupRoutes, { backups: backups.manager, operatorOnly, admin });
        const { manager, schedule } = backups;
        const attended = { backups: manager, alarm: alerts, clock, log: app.log };
        if (schedule) scope.addHook("onClose", attendBackups({ ...attended, ...schedule }));
      }
      if (releases && history)
        await scope.register((await loadReleaseRoutes()).releaseRoutes, {
          ...releases,
          history,
          clock,
          operatorOnly,
          admin,
        });
      if (!rollback) return;
      const leave = rollback.attend(alerts);
      scope.addHook("onClose", leave);
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
    if (console) {
      const { path = "/console" } = console;
      await app.register(async (pages) => {
        excludeFromRates(pages);
        await consolePages(pages, path);
      });
    }
    // Last: the routes of the platform have no versions.
    serveApiVersions(app, options);
  },
  { name: "earlybird", fastify: "5.x" },
);

/** Who may operate: the users of the service, or the holder of the operator token, who has the console too. */
const accessOf = ({
  authorize,
  operatorToken: token,
  console,
}: Pick<EarlybirdOptions, "authorize" | "operatorToken" | "console">) => {
  if (authorize !== undefined) return { authorize, console };
  const byToken: ConsoleOptions | false = token !== undefined && { login: { kind: "token" }, secret: token };
  return { authorize: authorizeByToken(token), console: console ?? byToken };
};

/** Includes the types that do not fire, so that graphs show zero instead of a gap. */
const firingByType = (alerts: AlertManager): Record<string, number> => {
  const active = alerts.active();
  return Object.fromEntries(
    Object.values(AlertType).map((type) => [type, active.filter((alert) => alert.type === type).length]),
  );
};

export default earlybird;
