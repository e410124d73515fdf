import { z } from "zod";
import { defineFailure } from "../core/failure.ts";
import { alertSecrets, alertSettings, emailFaults } from "./alert-settings.ts";
import { backupFaults, backupSecrets, backupSettings } from "./backup-settings.ts";
import { channelFaults, channelSecrets, channelSettings } from "./channel-settings.ts";
import { readEnvironment } from "./environment.ts";
import { releaseFaults, releaseSettings } from "./release-settings.ts";
import { intervals, networks, port, secretOf, text, timeOfDay, timeZone } from "./validators.ts";

const databaseAddress = z.url({
  protocol: /^postgres(ql)?$/,
  error: "must look like postgres://user:password@host:5432/database",
});

/** Every setting, its meaning and its default. The table in the documentation is generated from here. */
export const schema = z.object({
  NODE_ENV: z
    .enum(["development", "test", "production"])
    .default("development")
    .describe("production refuses demo data and default secrets"),
  DATABASE_URL: databaseAddress.optional().describe("PostgreSQL 14 or newer; default: an embedded server"),
  DATABASE_DIRECT_URL: databaseAddress
    .optional()
    .describe("the same database without a pooler, if `DATABASE_URL` points to a pooler"),
  PORT: port.default(1001).describe("port that the server listens on"),
  HOST: text.default("localhost").describe("address that the server listens on"),
  TRUST_PROXY: networks
    .optional()
    .describe(
      "trusted proxies: addresses, networks or `loopback`; clients are identified by `X-Forwarded-For`",
    ),
  BUSINESS_TIME_ZONE: timeZone
    .optional()
    .describe("time zone of the business day; stored in the database at the first start"),
  EARLYBIRD_DATA_DIR: text
    .default(".earlybird")
    .describe("directory of the embedded database and of generated secrets"),
  JWT_SECRET: secretOf(32)
    .optional()
    .describe("key that signs access tokens; default: generated and stored in the data directory"),
  ORDER_CUT_OFF: timeOfDay
    .optional()
    .describe(
      "time on the day before until which customers can order and cancel, such as 22:00; default: no cut-off",
    ),
  LEDGER_ANCHOR_FILE: text
    .optional()
    .describe("file for signed heads of the ledger; default: `ledger-anchors.jsonl` in the data directory"),
  LEDGER_ANCHOR_KEY_FILE: text
    .optional()
    .describe("PEM file with the Ed25519 key that signs them; default: generated in the data directory"),
  LEDGER_ANCHOR_URL: z
    .url({ protocol: /^https?$/, error: "must be the http(s) address that anchors are posted to" })
    .optional()
    .describe("URL that receives each signed head as JSON (POST)"),
  REAUTHENTICATE_AFTER_SECONDS: z.coerce
    .number("must be a number")
    .int("must be a whole number")
    .min(10)
    .max(86_400)
    .default(600)
    .describe("maximum age of a login that moves a critical step over HTTP"),
  METRICS_TOKEN: secretOf(16)
    .optional()
    .describe("bearer token that allows Prometheus to read `/metrics` only"),
  OPERATOR_TOKEN: secretOf(32)
    .optional()
    .describe("bearer token of the operator, for services that pass no `authorize`"),
  ROLLBACK_APPROVAL: z
    .enum(["none", "critical"])
    .default("none")
    .describe("`critical`: another person must approve each move of a critical step"),
  LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .describe("minimum log level; alerts are always logged"),
  RELEASE_FREEZE: intervals
    .optional()
    .describe(
      "when no release may start: intervals such as `2026-12-24T00:00+05:30/2026-12-27T00:00+05:30`, separated by commas",
    ),
  ...releaseSettings,
  ...backupSettings,
  ...alertSettings,
  ...channelSettings,
});

/** Settings whose value may also come from the file that `NAME_FILE` points to. */
export const secretSettings = [
  "DATABASE_URL",
  "DATABASE_DIRECT_URL",
  "JWT_SECRET",
  "METRICS_TOKEN",
  "OPERATOR_TOKEN",
  "LEDGER_ANCHOR_URL",
  ...backupSecrets,
  ...alertSecrets,
  ...channelSecrets,
] as const;

export type Settings = Readonly<z.infer<typeof schema>>;

/** The value of every setting by name. Secrets are only `set` or `unset`. */
export const redactedSettings = (settings: Settings): Record<string, unknown> => {
  const secrets: readonly string[] = secretSettings;
  return Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, settings[name as keyof Settings]] as const)
      .map(([name, value]) => [name, value === undefined ? "unset" : secrets.includes(name) ? "set" : value]),
  );
};

/** The settings for the documentation. */
export const settingsReference = (): { name: string; description: string; fallback: string }[] =>
  Object.entries(schema.shape).map(([name, type]) => {
    const fallback = type.safeParse(undefined);
    return {
      name,
      description: type.description ?? "",
      fallback: fallback.success && fallback.data !== undefined ? String(fallback.data) : "",
    };
  });

const invalidConfiguration = defineFailure({
  code: "EB_CONFIGURATION",
  status: 500,
  exitStatus: 2,
  detail: "The configuration has {count}:\n{faults}",
  remedy: "Correct these in the environment or in .env, then start again.",
});

export const badConfiguration = (faults: string[]) =>
  invalidConfiguration(
    {
      count: faults.length === 1 ? "an error" : `${faults.length} errors`,
      faults: faults.map((fault) => `  - ${fault}`).join("\n"),
    },
    { faults },
  );

/**
 * Reads the settings from the environment, from `.env` (the environment wins) and from `*_FILE` twins.
 *
 * @throws Failure EB_CONFIGURATION that lists every fault at once; values of secrets are never repeated
 */
export const readSettings = (environment: NodeJS.ProcessEnv = process.env, envFile = ".env"): Settings => {
  const { present, faults } = readEnvironment(environment, envFile, secretSettings);
  const parsed = schema.safeParse(present);
  if (!parsed.success) faults.push(...faultsOf(parsed.error));
  faults.push(
    ...releaseFaults(present),
    ...backupFaults(present),
    ...emailFaults(present),
    ...channelFaults(present),
  );
  if (present.DATABASE_DIRECT_URL && !present.DATABASE_URL) {
    faults.push("DATABASE_DIRECT_URL: needs DATABASE_URL: set it, or remove DATABASE_DIRECT_URL");
  }
  if (present.NODE_ENV === "production") {
    for (const name of ["DATABASE_URL", "JWT_SECRET"] as const) {
      if (!present[name]) faults.push(`${name}: must be set in production (or ${name}_FILE)`);
    }
  }
  if (!parsed.success || faults.length > 0) throw badConfiguration(faults);
  return parsed.data;
};

/** A sentence for each setting that is wrong. */
export const faultsOf = (error: z.ZodError): string[] =>
  error.issues.map((issue) => `${issue.path.join(".")}: ${issue.message}`);
