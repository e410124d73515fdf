import { alertSettings } from "../../settings/alert-settings.ts";
import { backupSettings } from "../../settings/backup-settings.ts";
import { channelSettings } from "../../settings/channel-settings.ts";
import { secretSettings } from "../../settings/settings.ts";

/** They also decide where something is sent to, or which database is used. */
const others = [
  "DATABASE_DIRECT_URL",
  "LEDGER_ANCHOR_FILE",
  "LEDGER_ANCHOR_KEY_FILE",
  "LEDGER_ANCHOR_URL",
  "PUBLIC_URL",
];

/** A program on a copy needs the same keys as in production: it decrypts what is stored. */
const kept = new Set(["JWT_SECRET", "METRICS_TOKEN", "OPERATOR_TOKEN"]);

/** An empty value means "not set", and the environment wins over `.env`. */
const unset = Object.fromEntries(
  [
    ...Object.keys({ ...alertSettings, ...channelSettings, ...backupSettings }),
    ...secretSettings.flatMap((name) => (kept.has(name) ? [] : [`${name}_FILE`])),
    ...others,
  ].map((name) => [name, ""]),
);

export interface QuietPlace {
  databaseUrl: string;
  dataDir: string;
  port: number;
}

/**
 * The environment of a program that works on a copy: it tells nobody anything, makes no backups, and leaves the production
 * database and data directory alone.
 */
export const quietEnvironment = (
  env: NodeJS.ProcessEnv,
  { databaseUrl, dataDir, port }: QuietPlace,
): NodeJS.ProcessEnv => ({
  ...env,
  ...unset,
  DATABASE_URL: databaseUrl,
  EARLYBIRD_DATA_DIR: dataDir,
  HOST: "127.0.0.1",
  PORT: String(port),
  ROLLBACK_APPROVAL: "none",
  LOG_LEVEL: "warn",
  NO_COLOR: "1",
});
