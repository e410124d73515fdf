import { join } from "node:path";
import type pg from "pg";
import {
  AlertManager,
  AlertType,
  channelsFrom,
  Heartbeat,
  keyOfChannel,
  NotificationDispatcher,
  type SecurityThresholds,
  securityFrom,
  thresholdsFrom,
} from "./alerts/index.ts";
import { type Clock, systemClock } from "./core/clock.ts";
import type { Logger } from "./core/logger.ts";
import {
  closeMonitoringPool,
  createMonitoringPool,
  DatabaseHealthChecker,
  Fleet,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "./monitoring/index.ts";
import type { Settings } from "./settings/settings.ts";
import { type SettingReport, settingsReport } from "./settings/settings-report.ts";

export interface MonitoringRequest {
  /** The service's pool: only its settings and counters are used, never its connections. */
  pool: pg.Pool;
  settings: Settings;
  /** Keeps undelivered notifications and active alerts across restarts. */
  dataDir: string;
  log: Logger;
  /** Of the service. */
  version: string;
  clock?: Clock;
}

/** The running monitoring of a service, as the plugin `earlybird` takes it. */
export interface RunningMonitoring {
  monitoring: MonitoringService;
  alerts: AlertManager;
  dispatcher: NotificationDispatcher;
  fleet: Fleet;
  security: SecurityThresholds;
  metricsToken: string | undefined;
  settings: readonly SettingReport[];
  /** Stops everything. Call it after the service has stopped. Undelivered notifications stay on disk for the next start. */
  stop(): Promise<void>;
}

/**
 * Starts monitoring and alerting as configured: checks, alerts, channels, the history of all instances, the heartbeat.
 * Resolves when the first check has finished, even if the database is down.
 */
export const startMonitoring = async (request: MonitoringRequest): Promise<RunningMonitoring> => {
  const { pool, settings, dataDir, log, version, clock = systemClock } = request;
  const performance = new PerformanceMetrics({
    clock,
    errorsFromStatus: settings.ALERT_ERROR_RATE_FROM_STATUS,
  });
  const ownPool = createMonitoringPool(pool);
  const monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool, detailsPool: ownPool, clock }),
    system: new SystemMetrics({ clock }),
    performance,
    log,
    clock,
  });
  const fleet = new Fleet({ pool: ownPool, performance, log, version, clock });
  const dispatcher = new NotificationDispatcher({
    channels: channelsFrom(settings),
    spoolDir: join(dataDir, "alerts", "spool"),
    log,
    clock,
    onBroken: (channel, reason) => alerts.raise(brokenChannel(channel, reason)),
    onRecovered: (channel) => alerts.resolve(AlertType.CUSTOM, keyOfChannel(channel)),
  });
  const alerts = new AlertManager({
    dispatcher,
    log,
    clock,
    thresholds: thresholdsFrom(settings),
    database: ownPool,
    dataDir,
    rank: () => fleet.rank(),
  });
  const heartbeat = settings.ALERT_HEARTBEAT_URL
    ? new Heartbeat({ url: settings.ALERT_HEARTBEAT_URL, log })
    : undefined;

  alerts.watch(monitoring);
  fleet.watch(monitoring);
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
    settings: settingsReport(settings),
    // In reverse order: each part stops before the one it passes data to.
    stop: async () => {
      heartbeat?.stop();
      await monitoring.stop();
      await fleet.stop();
      await alerts.stop();
      await dispatcher.stop();
      // Records the last deliveries in the history.
      await alerts.close();
      await closeMonitoringPool(ownPool);
    },
  };
};

/** Sent through the other channels, until this one delivers again. */
const brokenChannel = (channel: string, reason: string) => ({
  type: AlertType.CUSTOM,
  key: keyOfChannel(channel),
  message: `The channel ${channel} does not reach all recipients. Check its settings.`,
  details: { channel, reason },
  quietMs: null,
});
