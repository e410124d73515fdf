import { join } from "node:path";
import pg from "pg";
import type { Clock } from "../core/clock.ts";
import { Failure } from "../core/failure.ts";
import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import { postgresAccount } from "../database/embedded/root-account.ts";
import { type Fingerprint, RollbackManager } from "../rollback/index.ts";
import { type Check, faultOfKey, type Verdict, type Verification } from "./manifest.ts";
import { type Copy, type CopyRequest, openCopy } from "./open-copy.ts";
import { fingerprintOn, openAlike } from "./rest-moment.ts";
import { freeBytes } from "./storage/folders.ts";
import { faultOfPart } from "./storage/part.ts";
import { inWorkDirectory } from "./storage/work-directory.ts";

export interface VerifyOptions extends Omit<CopyRequest, "target" | "temporary"> {
  readonly root: string;
  readonly clock: Clock;
  readonly log: Logger;
}

type Finding = Pick<Check, "verdict" | "detail">;

const ok = (detail: string): Finding => ({ verdict: "ok", detail });
const failed = (detail: string): Finding => ({ verdict: "failed", detail });
const unknown = (detail: string): Finding => ({ verdict: "unknown", detail });

/** Restores a backup into a temporary server and checks what it then holds. Never throws because of the backup. */
export const verifyBackup = async (options: VerifyOptions): Promise<Verification> => {
  const { clock } = options;
  const startMs = clock.monotonicMs();
  const checks: Check[] = [];
  /** Runs a check; tells whether the next one makes sense. */
  const check = async (name: string, look: () => Promise<Finding>): Promise<boolean> => {
    const beganMs = clock.monotonicMs();
    const finding = await look().catch(findingOf);
    checks.push({ name, ...finding, duration_ms: Math.round(clock.monotonicMs() - beganMs) });
    return finding.verdict === "ok";
  };
  if ((await check("key", () => checkKey(options))) && (await check("files", () => checkFiles(options))))
    await checkCopy(options, check);
  return {
    verdict: worst(checks),
    at: clock.now().toISOString(),
    duration_ms: Math.round(clock.monotonicMs() - startMs),
    checks,
  };
};

const worst = (checks: readonly Check[]): Verdict =>
  (["failed", "unknown"] as const).find((verdict) => checks.some((check) => check.verdict === verdict)) ??
  "ok";

/** Codes of errors that say something about this machine, and nothing about the backup. */
const ofMachine = new Set([
  "EB_BACKUP_BINARIES",
  "EB_RESTORE_COMMAND",
  "EB_BACKUP_DISK_FULL",
  "EB_DATABASE_ACCOUNT",
  "ENOSPC",
  "EACCES",
]);

const findingOf = (error: unknown): Finding => {
  const { code } = error as { code?: string };
  const text = error instanceof Failure ? `${error.detail} ${error.remedy}` : messageOf(error);
  return code !== undefined && ofMachine.has(code) ? unknown(text) : failed(text);
};

const checkKey = async ({ folder }: VerifyOptions): Promise<Finding> => {
  const fault = await faultOfKey(folder.directory, folder.key);
  if (fault === "changed") return failed("backup.json was changed");
  // The backup may be in order: without its key, nobody knows.
  if (fault) return unknown(`The backup is encrypted, and BACKUP_KEY is ${fault}.`);
  return ok(folder.key === undefined ? "not encrypted" : "BACKUP_KEY fits");
};

const checkFiles = async ({ folder, manifest }: VerifyOptions): Promise<Finding> => {
  const faults: string[] = [];
  for (const part of manifest.parts) {
    const fault = await faultOfPart(folder, part);
    if (fault) faults.push(fault);
  }
  return faults.length > 0 ? failed(faults.join("; ")) : ok(`${manifest.parts.length} files are as written`);
};

type RunCheck = (name: string, look: () => Promise<Finding>) => Promise<boolean>;

const checkCopy = async (options: VerifyOptions, check: RunCheck): Promise<void> => {
  const { root, manifest } = options;
  const account = await postgresAccount();
  await inWorkDirectory(root, account, async (directory) => {
    let copy: Copy | undefined;
    const restored = await check("restore", async () => {
      const free = await freeBytes(directory);
      if (free < manifest.raw_bytes * 1.2)
        return unknown(`${free} bytes are free; a copy needs ${manifest.raw_bytes}. Free some space.`);
      copy = await openCopy(
        { ...options, target: { kind: "backup" }, temporary: true },
        join(directory, "copy"),
      );
      return ok(copy.evidence);
    });
    if (!restored || !copy) return;
    try {
      await checkDatabase(copy, options, check);
    } finally {
      await copy.stop();
    }
  });
};

const checkDatabase = async (
  { settings }: Copy,
  { manifest, log }: VerifyOptions,
  check: RunCheck,
): Promise<void> => {
  const pool = new pg.Pool({ ...settings, max: 2 });
  pool.on("error", () => undefined);
  try {
    await check("database", async () => {
      const { rows } = await pool.query<{ tables: string }>(
        "select count(*) as tables from pg_class where relkind in ('r', 'p')",
      );
      return ok(`answers; ${rows[0]?.tables} tables`);
    });
    await check("ledger", async () => {
      const {
        ok: intact,
        entries,
        faults,
      } = await new RollbackManager({ pool, changes: [], log }).verifyLedger();
      return intact ? ok(`${entries} entries, the chain is intact`) : failed(faults.join(" "));
    });
    await check("fingerprint", () => checkFingerprint(settings, manifest.fingerprint));
    if (await hasAmcheck(pool)) await check("indexes", () => checkIndexes(pool));
  } finally {
    await pool.end();
  }
};

const checkFingerprint = async (
  settings: pg.ClientConfig,
  expected: Fingerprint | null,
): Promise<Finding> => {
  if (!expected)
    return unknown(
      "The backup has no fingerprint: the database never was at rest, or has no tables of EarlyBird. Make another one at a quieter time.",
    );
  const client = await openAlike(settings);
  try {
    const found = await fingerprintOn(client);
    if (found?.hash === expected.hash) return ok(`${expected.hash} on both sides`);
    return failed(`differs in ${differences(expected, found).join(", ")}`);
  } finally {
    await client.end();
  }
};

const differences = (expected: Fingerprint, found: Fingerprint | null): string[] => {
  if (!found) return ["everything"];
  const tables = Object.keys({ ...expected.tables, ...found.tables }).filter(
    (name) => JSON.stringify(expected.tables[name]) !== JSON.stringify(found.tables[name]),
  );
  return [
    ...tables,
    ...(expected.schema === found.schema ? [] : ["schema"]),
    ...(JSON.stringify(expected.applied) === JSON.stringify(found.applied) ? [] : ["applied steps"]),
  ];
};

const hasAmcheck = async (pool: pg.Pool): Promise<boolean> => {
  const { rows } = await pool.query(
    "select from pg_available_extensions where name = 'amcheck' and (select usesuper from pg_user where usename = current_user)",
  );
  return rows.length > 0;
};

/** PostgreSQL's own check of the structure of each B-tree index. */
const checkIndexes = async (pool: pg.Pool): Promise<Finding> => {
  await pool.query("create extension if not exists amcheck with schema public");
  const { rows } = await pool.query<{ checked: string }>(
    `select count(public.bt_index_check(i.indexrelid)::text) as checked
     from pg_index i join pg_class c on c.oid = i.indexrelid join pg_am a on a.oid = c.relam
     where a.amname = 'btree' and c.relkind = 'i' and c.relpersistence = 'p' and i.indisready and i.indisvalid`,
  );
  return ok(`${rows[0]?.checked} B-tree indexes are in order`);
};
