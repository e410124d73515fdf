import { execFile } from "node:child_process";
import { access, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Binaries, embeddedBinaries } from "../database/embedded/binaries.ts";
import type { Account } from "../database/embedded/root-account.ts";

const run = promisify(execFile);
const debian = "/usr/lib/postgresql";

/** The programs of a PostgreSQL server of this major version, if they are installed: PG_BIN_DIR, embedded, Debian's. */
export const serverBinaries = async (
  major: number,
  account: Account,
  binDirectory?: string,
): Promise<Binaries | undefined> => {
  const candidates = [
    ...(binDirectory === undefined ? [] : [binDirectory]),
    join(debian, String(major), "bin"),
  ].map((directory) => ({ postgres: join(directory, "postgres"), initdb: join(directory, "initdb") }));
  const embedded = await embeddedBinaries(account).catch(() => undefined);
  if (embedded) candidates.splice(binDirectory === undefined ? 0 : 1, 0, embedded);
  for (const binaries of candidates) {
    if ((await majorOf(binaries.postgres, account)) === major) return binaries;
  }
  return undefined;
};

/** The directory of a `pg_dump` whose major version is at least that of the server, the newest first. */
export const dumpPrograms = async (
  major: number,
  binDirectory?: string,
): Promise<{ pgDump: string; pgRestore: string; version: number } | undefined> => {
  const versions = (await readdir(debian).catch(() => [])).map(Number).filter(Number.isInteger);
  const directories = [
    ...(binDirectory === undefined ? [] : [binDirectory]),
    ...versions.sort((a, b) => b - a).map((version) => join(debian, String(version), "bin")),
    ...(process.env.PATH ?? "").split(":").filter((path) => path.startsWith("/")),
  ];
  for (const directory of directories) {
    const pgDump = join(directory, "pg_dump");
    const pgRestore = join(directory, "pg_restore");
    const version = await majorOf(pgDump, {});
    if (version !== undefined && version >= major && (await exists(pgRestore)))
      return { pgDump, pgRestore, version };
  }
  return undefined;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const majorOf = async (program: string, account: Account): Promise<number | undefined> => {
  const { stdout } = await run(program, ["--version"], { ...account, cwd: "/" }).catch(() => ({
    stdout: "",
  }));
  const major = / (\d+)[.a-z]/.exec(stdout)?.[1];
  return major === undefined ? undefined : Number(major);
};
