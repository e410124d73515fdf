import { hostname } from "node:os";
import type pg from "pg";
import { Failure } from "../core/failure.ts";
import { messageOf } from "../core/message-of.ts";
import { connectionSettings } from "../database/connection-settings.ts";
import { dumpPrograms } from "./binaries.ts";
import type { BackupContext } from "./context.ts";
import { runCommand } from "./external/command.ts";
import { createDump } from "./external/dump.ts";
import { backupFailed, backupRefusedByServer, diskTooFull } from "./failures.ts";
import type { Manifest, Method } from "./manifest.ts";
import { type Contents, createPhysical } from "./physical/create.ts";
import { fingerprintOn, openAlike } from "./rest-moment.ts";
import type { ServerFacts } from "./server-facts.ts";
import { keyId } from "./storage/encryption.ts";
import { freeBytes } from "./storage/folders.ts";
import type { PartFolder } from "./storage/part.ts";

/** Free space to ask for, as a multiple of the database: less is used, unless it does not compress. */
const headroom = 1.2;
const firstWithOneStream = 15;

export interface CreateRequest {
  /** Who asks, as the list shows it. */
  readonly requestedBy: string;
  readonly scheduled?: boolean;
  /** By default, the first one that is possible: command, physical, dump. */
  readonly method?: Method | undefined;
  readonly onProgress?: (progress: Progress) => void;
}

/** Bytes before compression; the total is an estimate. */
export interface Progress {
  readonly stage: "copy" | "restore";
  readonly bytes: number;
  readonly total_bytes: number;
}

/** How a server is backed up, decided before anything is written. */
export type Plan =
  | { readonly method: "physical" }
  | { readonly method: "dump"; readonly pgDump: string }
  | { readonly method: "command"; readonly command: string };

/** @throws Failure EB_BACKUP_REFUSED if the server allows no way that is possible here */
export const planBackup = async (
  { settings }: BackupContext,
  facts: ServerFacts,
  wanted: Method | undefined,
): Promise<Plan> => {
  const { command, binDirectory } = settings;
  if (command !== undefined && (wanted ?? "command") === "command") return { method: "command", command };
  const reasons: string[] = [];
  if ((wanted ?? "physical") === "physical") {
    if (facts.is_standby) reasons.push("It is a standby: a backup of its primary is possible.");
    else if (facts.major < firstWithOneStream)
      reasons.push(`A copy of the files needs PostgreSQL ${firstWithOneStream}; it is ${facts.version}.`);
    else if (!facts.may_replicate) reasons.push("The role of DATABASE_URL may not replicate.");
    else return { method: "physical" };
  }
  if ((wanted ?? "dump") === "dump") {
    const programs = await dumpPrograms(facts.major, binDirectory);
    if (programs) return { method: "dump", pgDump: programs.pgDump };
    reasons.push(`There is no pg_dump ${facts.major} or newer.`);
  }
  if (wanted === "command") reasons.push("BACKUP_COMMAND is not set.");
  throw backupRefusedByServer({ reason: reasons.join(" ") });
};

/** @throws Failure EB_BACKUP_DISK_FULL */
export const demandSpace = async (
  { settings: { directory }, free = freeBytes }: BackupContext,
  bytes: number,
): Promise<void> => {
  const available = await free(directory);
  const needed = Math.ceil(bytes * headroom);
  if (available < needed)
    throw diskTooFull({ directory, free: inMegabytes(available), needed: inMegabytes(needed) });
};

const inMegabytes = (bytes: number): string => `${Math.ceil(bytes / 1e6)} MB`;

/** Writes the parts of a backup. @throws Failure EB_BACKUP_REFUSED, EB_BACKUP_FAILED */
export const writeBackup = async (
  context: BackupContext,
  plan: Plan,
  {
    id,
    folder,
    facts,
    request,
  }: { id: string; folder: PartFolder; facts: ServerFacts; request: CreateRequest },
): Promise<Manifest> => {
  const { clock, settings } = context;
  const startedAt = clock.now();
  const startMs = clock.monotonicMs();
  let received = 0;
  const onBytes = (count: number) => {
    received += count;
    request.onProgress?.({ stage: "copy", bytes: received, total_bytes: Math.max(facts.bytes, received) });
  };
  const contents = await contentsOf(context, plan, { id, folder, facts, onBytes }).catch((error: unknown) => {
    throw asBackupFailure(error);
  });
  const sum = (of: "bytes" | "raw_bytes") => contents.parts.reduce((total, part) => total + part[of], 0);
  const { version, major, superuser, max_prepared_transactions, database } = facts;
  return {
    format: 1,
    id,
    method: plan.method,
    started_at: startedAt.toISOString(),
    finished_at: clock.now().toISOString(),
    duration_ms: Math.round(clock.monotonicMs() - startMs),
    requested_by: request.requestedBy,
    host: hostname(),
    scheduled: request.scheduled ?? false,
    server: { version, major, superuser, max_prepared_transactions },
    database,
    embedded: context.embedded,
    key_id: settings.key === undefined ? null : keyId(settings.key),
    ...contents,
    bytes: sum("bytes"),
    raw_bytes: sum("raw_bytes"),
    verification: null,
  };
};

const contentsOf = (
  { pool, url }: BackupContext,
  plan: Plan,
  {
    id,
    folder,
    facts,
    onBytes,
  }: { id: string; folder: PartFolder; facts: ServerFacts; onBytes: (bytes: number) => void },
): Promise<Contents> => {
  if (plan.method === "physical") return createPhysical(pool, folder, { label: `earlybird ${id}`, onBytes });
  if (plan.method === "dump")
    return createDump(pool, folder, { pgDump: plan.pgDump, roles: facts.roles, onBytes });
  const { directory } = folder;
  return runAround(pool, () =>
    runCommand(plan.command, { action: "backup", id, directory, database_url: url }),
  );
};

/** Only a command during which nothing was written leaves a backup whose fingerprint is known. */
const runAround = async (pool: pg.Pool, work: () => Promise<unknown>): Promise<Contents> => {
  const client = await openAlike(connectionSettings(pool));
  try {
    const before = await fingerprintOn(client);
    await work();
    const after = await fingerprintOn(client);
    const isSame = before?.hash === after?.hash;
    return { parts: [], wal: null, fingerprint: isSame ? before : null, roles: [] };
  } finally {
    await client.end().catch(() => undefined);
  }
};

const refusals = new Set(["28000", "28P01", "42501", "53300", "55000"]);

const asBackupFailure = (error: unknown): Failure => {
  if (error instanceof Failure) return error;
  const { code } = error as { code?: string };
  const reason = `${messageOf(error)}.`.replace(/\.\.$/, ".");
  if (code !== undefined && refusals.has(code))
    return backupRefusedByServer({ reason }, {}, { cause: error });
  return backupFailed({ reason: code === "ENOSPC" ? "The disk is full." : reason }, {}, { cause: error });
};
