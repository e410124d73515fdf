import { z } from "zod";
import { alertSecrets, alertSettings, emailFaults } from "./alert-settings.ts";
import { channelFaults, channelSecrets, channelSettings } from "./channel-settings.ts";
import { readEnvironment } from "./environment.ts";
import { badConfiguration, faultsOf, schema } from "./settings.ts";
import { text } from "./validators.ts";

const { BUSINESS_TIME_ZONE, EARLYBIRD_DATA_DIR, METRICS_TOKEN, OPERATOR_TOKEN, LOG_LEVEL } = schema.shape;

const monitoringSchema = z.object({
  // Names the environment in alerts; the service may have others than EarlyBird.
  NODE_ENV: text.default("development"),
  BUSINESS_TIME_ZONE,
  EARLYBIRD_DATA_DIR,
  METRICS_TOKEN,
  OPERATOR_TOKEN,
  // Another logger of the service may have levels of its own.
  LOG_LEVEL: LOG_LEVEL.catch("info"),
  ...alertSettings,
  ...channelSettings,
});

export const monitoringSettingNames: ReadonlySet<string> = new Set(Object.keys(monitoringSchema.shape));

/** The part of the settings that concerns monitoring and alerts. */
export type MonitoringSettings = Readonly<z.infer<typeof monitoringSchema>>;

/**
 * Reads the settings of monitoring and alerts as `readSettings` does. Ignores all others, which may belong to the
 * service: its `DATABASE_URL`, `PORT` or `JWT_SECRET`.
 *
 * @throws Failure EB_CONFIGURATION that lists every fault at once; values of secrets are never repeated
 */
export const readMonitoringSettings = (
  environment: NodeJS.ProcessEnv = process.env,
  envFile = ".env",
): MonitoringSettings => {
  const secrets = ["METRICS_TOKEN", "OPERATOR_TOKEN", ...alertSecrets, ...channelSecrets];
  const { present, faults } = readEnvironment(environment, envFile, secrets);
  const parsed = monitoringSchema.safeParse(present);
  if (!parsed.success) faults.push(...faultsOf(parsed.error));
  faults.push(...emailFaults(present), ...channelFaults(present));
  if (!parsed.success || faults.length > 0) throw badConfiguration(faults);
  return parsed.data;
};
