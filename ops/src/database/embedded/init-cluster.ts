import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import type { Account } from "./root-account.ts";

const run = promisify(execFile);

/** The superuser of every embedded cluster. */
export const superuser = "earlybird";

/** Needs PostgreSQL 17 and no locale of the system: sorts by code point, knows UTF-8. */
export const builtinLocale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

const passwordName = "earlybird.password";

/** The password of the superuser, which is stored in the cluster. */
export const passwordOf = async (directory: string): Promise<string> =>
  (await readFile(join(directory, passwordName), "utf8")).trim();

/**
 * Creates a cluster in `directory` if that does not exist: UTF-8, sorted by code point, passwords only.
 *
 * The cluster is created in a temporary directory beside it and renamed when it is complete. If several processes do
 * this at once, the first one to finish wins.
 */
export const initCluster = async (
  { initdb }: Binaries,
  options: { directory: string; account: Account; flags?: string[] },
): Promise<void> => {
  const { directory, account, flags = [] } = options;
  if (existsSync(directory)) return;
  const parent = dirname(directory);
  const unfinished = `.${basename(directory)}-new-`;
  const temporary = await mkdtemp(join(parent, unfinished));
  try {
    const passwordFile = join(temporary, passwordName);
    await writeFile(passwordFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
    const cluster = join(temporary, "cluster");
    await mkdir(cluster, { mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined) {
      for (const path of [passwordFile, cluster, temporary]) await chown(path, account.uid, account.gid);
    }
    await run(
      initdb,
      [
        `--pgdata=${cluster}`,
        `--username=${superuser}`,
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-instructions",
        ...flags,
      ],
      { ...account, cwd: temporary, env: environment() },
    );
    await rename(passwordFile, join(cluster, passwordName));
    await rename(cluster, directory);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(directory)) throw error;
    return;
  }
  // Also what interrupted starts left behind. A process that still creates a cluster there finds this one instead.
  for (const name of await readdir(parent)) {
    if (name.startsWith(unfinished)) {
      await rm(join(parent, name), { recursive: true, force: true, maxRetries: 10 });
    }
  }
};

/** The environment of PostgreSQL's programs: without secrets, `PG...` and locale variables. */
export const environment = (): NodeJS.ProcessEnv => {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, SystemRoot, TEMP, LC_ALL: "C", TZ: "UTC" };
};
