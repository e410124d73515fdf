import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { noAccountForPostgres } from "./failures.ts";

const run = promisify(execFile);

/** The system account of PostgreSQL's processes, as options of `spawn`. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const name = "postgres";

/**
 * The account for PostgreSQL's processes: the current user or, because PostgreSQL refuses to run as root, the system
 * account `postgres`, which is created if it is missing.
 *
 * @throws Failure EB_DATABASE_ACCOUNT if it is missing and cannot be created
 */
export const postgresAccount = async (): Promise<Account> => {
  if (process.getuid?.() !== 0) return {};
  const existing = await lookUp();
  if (existing) return existing;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name]);
  } catch (cause) {
    // Another process that starts at the same moment may have created it.
    const created = await lookUp();
    if (created) return created;
    throw noAccountForPostgres({}, {}, { cause });
  }
  const created = await lookUp();
  if (!created) throw noAccountForPostgres({}, {}, { cause: undefined });
  return created;
};

const lookUp = async (): Promise<Account | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

/** Whether the account can enter a directory, according to the operating system. */
export const canTraverse = (account: Account, directory: string): boolean =>
  account.uid === undefined || spawnSync("test", ["-x", directory], { ...account, cwd: "/" }).status === 0;
