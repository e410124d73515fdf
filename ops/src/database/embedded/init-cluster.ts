import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chown, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { promisify } from "node:util";
import type { Binaries } from "./binaries.ts";
import type { Account } from "./root-account.ts";

const run = promisify(execFile);

/** The superuser of every cluster that is made here. */
export const superuser = "earlybird";

/** What PostgreSQL 17 and newer can do without any locale of the system: sort by code point, know UTF-8. */
export const builtinLocale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"];

const passwordName = "earlybird.password";

/** The password of the superuser, which is made with a cluster and kept in it. */
export const passwordOf = async (directory: string): Promise<string> =>
  (await readFile(join(directory, passwordName), "utf8")).trim();

/**
 * Makes a new cluster in `directory`, which must not exist. UTF-8, sorted by code point, passwords only.
 *
 * It is made beside its place and renamed when complete, so a cluster that exists is a whole one. Only one
 * process may do this at a time.
 */
export const initCluster = async (
  { initdb }: Binaries,
  options: { directory: string; account: Account; flags?: string[] },
): Promise<void> => {
  const { directory, account, flags = [] } = options;
  const parent = dirname(directory);
  const unfinished = `.${basename(directory)}-new-`;
  for (const name of await readdir(parent)) {
    if (name.startsWith(unfinished)) await rm(join(parent, name), { recursive: true, force: true });
  }
  const workplace = await mkdtemp(join(parent, unfinished));
  try {
    const passwordFile = join(workplace, passwordName);
    await writeFile(passwordFile, `${randomBytes(24).toString("hex")}\n`, { mode: 0o600 });
    const cluster = join(workplace, "cluster");
    await mkdir(cluster, { mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined) {
      for (const path of [passwordFile, cluster, workplace]) await chown(path, account.uid, account.gid);
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
      { ...account, cwd: workplace, env: environment() },
    );
    await rename(passwordFile, join(cluster, passwordName));
    await rename(cluster, directory);
  } finally {
    await rm(workplace, { recursive: true, force: true });
  }
};

/** PostgreSQL needs little, and neither our secrets nor the caller's `PG...` and locale variables. */
export const environment = (): NodeJS.ProcessEnv => {
  const { PATH, SystemRoot, TEMP } = process.env;
  return { PATH, SystemRoot, TEMP, LC_ALL: "C", TZ: "UTC" };
};
