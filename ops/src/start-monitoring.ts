import { join, resolve } from "node:path";
import type pg from "pg";
import {
  type AlertDeclaration,
  AlertManager,
  AlertSeverity,
  AlertType,
  assertDeclarations,
  channelsFrom,
  Heartbeat,
  keyOfChannel,
  messageContextFrom,
  NotificationDispatcher,
  objectiveMinutes,
  objectiveTargets,
  routerFromSettings,
  type SecurityThresholds,
  type SnapshotSource,
  securityFrom,
  thresholdsFrom,
} from "./alerts/index.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import { createLogger, type Logger } from "./core/logger.ts";
import {
  closeMonitoringPool,
  createMonitoringPool,
  DatabaseHealthChecker,
  Fleet,
  type GaugeDeclaration,
  MonitoringService,
  ObjectiveCounts,
  PerformanceMetrics,
  SystemMetrics,
} from "./monitoring/index.ts";
import { type MonitoringSettings, readMonitoringSettings } from "./settings/monitoring-settings.ts";
import { type SettingReport, settingsReport } from "./settings/settings-report.ts";

export interface MonitoringRequest {
  /** Of the service. */
  version: string;
  /**
   * The service's pool: only its settings and counters are used, never its connections. Without it, nothing connects to
   * a database: there are no DATABASE alerts and no history of all instances, and alerts are kept on disk only.
   */
  pool?: pg.Pool;
  /** By default, `readMonitoringSettings()`. */
  settings?: MonitoringSettings;
  /** Keeps undelivered notifications and active alerts across restarts. By default, `EARLYBIRD_DATA_DIR`. */
  dataDir?: string;
  /** By default, JSON on stderr from `LOG_LEVEL` on. */
  log?: Logger;
  /** The service, as alerts name it unless `SERVICE_NAME` is set. */
  name?: string;
  /** Of the business: times in alerts are in it. By default `BUSINESS_TIME_ZONE`, or that of the process. */
  timeZone?: string;
  /** Where the plugin serves the console, for links in alerts. By default `/console`. */
  consolePath?: string;
  clock?: Clock;
  /** Numbers of the service, made by `gauge`. Declare those here that alerts name. */
  gauges?: readonly GaugeDeclaration[];
  /** Alerts beside the built-in ones, made by `routeAlert`, `gaugeAlert` and `objective`. */
  alerts?: readonly AlertDeclaration[];
}

/** The running monitoring of a service, as the plugin `earlybird` and `createOpsHandler` take it. */
export interface RunningMonitoring {
  monitoring: MonitoringService;
  alerts: AlertManager;
  dispatcher: NotificationDispatcher;
  /** Undefined without a pool. */
  fleet: Fleet | undefined;
  security: SecurityThresholds;
  metricsToken: string | undefined;
  operatorToken: string | undefined;
  version: string;
  log: Logger;
  settings: readonly SettingReport[];
  /** Stops everything. Call it after the service has stopped. Undelivered notifications stay on disk for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts monitoring and alerting as configured: checks, alerts, channels, the history of all instances, the heartbeat.
 * Resolves when the first check has finished, even if the database is down.
 *
 * @throws Failure EB_ALERT_DECLARATION, EB_GAUGE_NAME, EB_GAUGE_INCOMPLETE, EB_GAUGE_DUPLICATE
 */
export const startMonitoring = async (request: MonitoringRequest): Promise<RunningMonitoring> => {
  const { pool, version, settings = readMonitoringSettings(), clock = systemClock } = request;
  const { dataDir = resolve(settings.EARLYBIRD_DATA_DIR), log = createLogger(settings.LOG_LEVEL) } = request;
  const { gauges = [], alerts: declared = [] } = request;
  assertDeclarations(
    declared,
    gauges.map(({ name }) => name),
  );
  const channels = channelsFrom(settings, messageContextFrom(settings, request));
  const router = routerFromSettings(
    settings,
    channels.map(({ name }) => name),
  );
  const performance = new PerformanceMetrics({
    clock,
    errorsFromStatus: settings.ALERT_ERROR_RATE_FROM_STATUS,
  });
  const ownPool = pool && createMonitoringPool(pool);
  const monitoring = new MonitoringService({
    ...(pool && ownPool && { database: new DatabaseHealthChecker({ pool, detailsPool: ownPool, clock }) }),
    system: new SystemMetrics({ clock }),
    performance,
    gauges,
    log,
    clock,
  });
  const fleet = ownPool && new Fleet({ pool: ownPool, performance, log, version, clock });
  const dispatcher = new NotificationDispatcher({
    channels,
    router,
    groupWindowMs: settings.ALERT_GROUP_SECONDS * 1_000,
    spoolDir: join(dataDir, "alerts", "spool"),
    log,
    clock,
    onBroken: (channel, reason) => alerts.raise(brokenChannel(channel, reason)),
    onRecovered: (channel) => alerts.resolve(AlertType.CUSTOM, keyOfChannel(channel)),
    onDiskFailed: (reason) => alerts.raise(unwritableDisk(reason, dataDir)),
    onDiskRecovered: () => alerts.resolve(AlertType.CUSTOM, diskKey),
  });
  const alerts = new AlertManager({
    dispatcher,
    log,
    clock,
    thresholds: thresholdsFrom(settings),
    declared,
    ...(ownPool && { database: ownPool }),
    dataDir,
    rank: () => fleet?.rank() ?? 0,
  });
  const heartbeat = settings.ALERT_HEARTBEAT_URL
    ? new Heartbeat({ url: settings.ALERT_HEARTBEAT_URL, log })
    : undefined;

  const objectives = new ObjectiveCounts({
    targets: objectiveTargets(declared),
    windowsMinutes: objectiveMinutes,
    performance,
    fleet,
    log,
    clock,
  });
  alerts.watch(withObjectives(monitoring, objectives));
  fleet?.watch(monitoring);
  await dispatcher.start();
  await monitoring.start();
  heartbeat?.start();
  return {
    monitoring,
    alerts,
    dispatcher,
    fleet,
    security: securityFrom(settings),
    metricsToken: settings.METRICS_TOKEN,
    operatorToken: settings.OPERATOR_TOKEN,
    version,
    log,
    settings: settingsReport(settings),
    // In reverse order: each part stops before the one it passes data to.
    stop: async () => {
      heartbeat?.stop();
      await monitoring.stop();
      await objectives.atRest();
      await fleet?.stop();
      await alerts.stop();
      await dispatcher.stop();
      // Records the last deliveries in the history.
      await alerts.close();
      if (ownPool) await closeMonitoringPool(ownPool);
    },
  };
};

/** The snapshots with the requests that count for the declared objectives. */
const withObjectives = (monitoring: MonitoringService, objectives: ObjectiveCounts): SnapshotSource => ({
  onSnapshot: (listener) =>
    monitoring.onSnapshot((snapshot) => {
      const isDatabaseUp = snapshot.database.status !== "unhealthy";
      listener({ ...snapshot, objectives: objectives.observe(isDatabaseUp) });
    }),
});

/** Sent through the other channels, until this one delivers again. */
const brokenChannel = (channel: string, reason: string) => ({
  type: AlertType.CUSTOM,
  key: keyOfChannel(channel),
  message: `The channel ${channel} does not reach all recipients. Check its settings.`,
  details: { channel, reason },
  quietMs: null,
});

const diskKey = "disk";

/** Notifications go on from memory; a crash would lose those that wait. */
const unwritableDisk = (reason: string, dataDir: string) => ({
  type: AlertType.CUSTOM,
  key: diskKey,
  severity: AlertSeverity.CRITICAL,
  message: `Alerts cannot be written to the data directory: ${reason}. A crash would lose those that wait. Make room, or correct the permissions.`,
  details: { directory: dataDir, reason },
  quietMs: null,
});
