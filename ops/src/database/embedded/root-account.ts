import { execFile, spawnSync } from "node:child_process";
import { promisify } from "node:util";
import { noAccountForPostgres } from "./failures.ts";

const run = promisify(execFile);

/** The system account that PostgreSQL's processes run under, as the options of `spawn` want it. */
export interface Account {
  readonly uid?: number;
  readonly gid?: number;
}

const name = "postgres";

/**
 * The account for PostgreSQL's processes: nothing special for an ordinary user; for root, under whom
 * PostgreSQL refuses to run, the system account `postgres`, made when it is absent.
 *
 * @throws Failure EB_DATABASE_ACCOUNT when it is absent and cannot be made
 */
export const postgresAccount = async (): Promise<Account> => {
  if (process.getuid?.() !== 0) return {};
  const existing = await lookUp();
  if (existing) return existing;
  try {
    await run("useradd", ["--system", "--user-group", "--no-create-home", "--shell", "/bin/false", name]);
  } catch (cause) {
    // Somebody else who starts at the same moment may have been quicker.
    const made = await lookUp();
    if (made) return made;
    throw noAccountForPostgres(cause);
  }
  const made = await lookUp();
  if (!made) throw noAccountForPostgres(undefined);
  return made;
};

const lookUp = async (): Promise<Account | undefined> => {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", name]), run("id", ["-g", name])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
};

/** Whether the account can go through a directory, as the system itself answers it. */
export const canTraverse = (account: Account, directory: string): boolean =>
  account.uid === undefined || spawnSync("test", ["-x", directory], { ...account, cwd: "/" }).status === 0;
