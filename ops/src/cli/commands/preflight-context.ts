import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { Kysely, PostgresDialect } from "kysely";
import { channelsFrom, NotificationDispatcher } from "../../alerts/index.ts";
import { systemClock } from "../../core/clock.ts";
import { Failure } from "../../core/failure.ts";
import { createLogger, type Logger } from "../../core/logger.ts";
import { messageOf } from "../../core/message-of.ts";
import { type OpenDatabase, openDatabase } from "../../database/index.ts";
import { loadPreflight, type PreflightContext, type PreflightReport } from "../../deployment/index.ts";
import { LedgerAnchors, type Requester, RollbackManager } from "../../rollback/index.ts";
import type { Service } from "../../service.ts";
import { readSettings, type Settings, secretSettings } from "../../settings/settings.ts";
import { envFileOf } from "../context.ts";
import { readDocument } from "./openapi-document.ts";

/** What `earlybird preflight` was asked for, beyond which checks to run. */
export interface PreflightRequest {
  artefact?: string;
  openapiBlue?: string;
  openapiGreen?: string;
  testChannels?: boolean;
  /** What a release knows beside. */
  release?: Partial<PreflightContext>;
  /** Stored with the answers. */
  releaseId?: string;
}

/** What the command works with. */
export interface OpenPreflight {
  context: PreflightContext;
  /** Stores the answers, and each waiver in the ledger. Null if the database cannot be reached. */
  record: ((report: PreflightReport, by: Requester) => Promise<void>) | null;
}

/**
 * Collects what the checks ask, for as long as `work` takes. Wrong settings or an unreachable database are findings of a
 * check, so they are no errors here.
 */
export const withPreflight = async <T>(
  root: string,
  { service, request }: { service: Service; request: PreflightRequest },
  work: (open: OpenPreflight) => Promise<T>,
): Promise<T> => {
  const log = createLogger(process.env.LOG_LEVEL || "error");
  const settings = settingsOf(root);
  const read = "read" in settings ? settings.read : undefined;
  const dataDir = resolve(root, read?.EARLYBIRD_DATA_DIR ?? ".earlybird");
  const opened = read ? await open(read, dataDir, log) : "the settings are not valid";
  const database = typeof opened === "string" ? null : opened;
  const manager = database && managerOf(database, { service, read, dataDir, log });
  const db = database && new Kysely<unknown>({ dialect: new PostgresDialect({ pool: database.pool }) });
  const logins = service.demo?.logins;
  const { artefact, openapiBlue, openapiGreen, testChannels, release, releaseId = null } = request;
  try {
    return await work({
      record: db && manager && ((report, by) => record(report, { db, manager, by, releaseId })),
      context: {
        clock: systemClock,
        root,
        dataDir,
        settings,
        database: db ? { db } : { unreachable: String(opened) },
        ...(manager && { steps: manager }),
        ...(database && logins && { demoLogins: () => logins(database.pool) }),
        requiredSteps: service.requiredSteps ?? [],
        ...(artefact && { artefact: { file: artefact } }),
        ...(openapiBlue &&
          openapiGreen && {
            openapi: { blue: () => readDocument(openapiBlue), green: () => readDocument(openapiGreen) },
          }),
        ...(testChannels && read && { testChannels: () => sendTests(read, dataDir, log) }),
        secretFiles: await secretFilesOf(root, dataDir),
        ...release,
      },
    });
  } finally {
    await database?.close();
  }
};

const settingsOf = (root: string): PreflightContext["settings"] => {
  try {
    return { read: readSettings(process.env, envFileOf(root)) };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    const { faults } = error.extra;
    return { faults: Array.isArray(faults) ? faults.map(String) : [error.detail] };
  }
};

/** The database, or the reason why there is none. */
const open = async (settings: Settings, dataDir: string, log: Logger): Promise<OpenDatabase | string> => {
  const { DATABASE_URL: databaseUrl, DATABASE_DIRECT_URL: directUrl } = settings;
  try {
    return await openDatabase({ databaseUrl, directUrl, dataDir, log, application: "earlybird preflight" });
  } catch (error) {
    return messageOf(error);
  }
};

const managerOf = (
  { pool, direct, name }: OpenDatabase,
  from: { service: Service; read: Settings | undefined; dataDir: string; log: Logger },
): RollbackManager => {
  const { service, read, dataDir, log } = from;
  const anchors = new LedgerAnchors({
    file: read?.LEDGER_ANCHOR_FILE ?? join(dataDir, "ledger-anchors.jsonl"),
    keyFile: read?.LEDGER_ANCHOR_KEY_FILE ?? join(dataDir, "ledger-anchor-key.pem"),
    url: read?.LEDGER_ANCHOR_URL,
    database: name,
    log,
    clock: systemClock,
  });
  return new RollbackManager({ pool, direct, changes: service.changes, log, anchors });
};

const record = async (
  report: PreflightReport,
  {
    db,
    manager,
    by,
    releaseId,
  }: { db: Kysely<unknown>; manager: RollbackManager; by: Requester; releaseId: string | null },
): Promise<void> => {
  const { saveReport } = await loadPreflight();
  await saveReport(db, report, releaseId);
  for (const { number, name, verdict, evidence, waived } of report.checks)
    if (waived)
      await manager.recordEvent({
        action: "preflight.waiver",
        operator: by.requestedBy,
        origin: by.origin,
        at: new Date(report.checked_at),
        reason: waived.reason,
        result: { check: number, name, verdict, evidence },
      });
};

/** As `earlybird alerts test` does. */
const sendTests = async (settings: Settings, dataDir: string, log: Logger) => {
  const channels = channelsFrom(settings);
  const dispatcher = new NotificationDispatcher({
    channels,
    spoolDir: join(dataDir, "alerts", "spool"),
    log,
  });
  try {
    return await dispatcher.test();
  } finally {
    await dispatcher.stop();
  }
};

/** `.env`, the files that settings read secrets from, and the secrets that the first start has generated. */
const secretFilesOf = async (root: string, dataDir: string): Promise<string[]> => {
  const generated = (await readdir(dataDir).catch((): string[] => [])).filter((name) =>
    /secret|key\.pem$/.test(name),
  );
  const named = secretSettings.flatMap((name) => process.env[`${name}_FILE`] ?? []);
  return [envFileOf(root), ...named, ...generated.map((name) => join(dataDir, name))];
};
