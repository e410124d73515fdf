import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chown, mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import pg from "pg";
import { postgresAccount } from "../../ops/src/database/embedded/root-account.ts";
import { within } from "./database-process.ts";
import { debianPrograms } from "./debian-package.ts";
import { freePort } from "./free-port.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

const run = promisify(execFile);
const folder = await debianPrograms(
  "postgresql-15",
  ["initdb", "postgres", "pg_basebackup", "pg_ctl"],
  ["usr/lib/postgresql/15/bin"],
);

/** Whether Debian's PostgreSQL 15 is there; else tests that need it are skipped. */
export const hasFailover = folder !== undefined;

export interface DatabaseServer {
  readonly port: number;
  readonly url: string;
  /** `immediate` is what a machine that loses its power does. */
  stop(mode: "fast" | "immediate"): Promise<void>;
}

export interface Pair {
  readonly primary: DatabaseServer;
  readonly standby: DatabaseServer;
  /** Makes the standby the primary. */
  promote(): Promise<void>;
  remove(): Promise<void>;
}

/** A primary and a standby that confirms each commit. */
export const startPair = async (): Promise<Pair> => {
  const account = await postgresAccount();
  const home = await makeTemporaryDirectory();
  const call = (name: string, ...args: string[]) =>
    run(join(folder ?? "", name), args, { ...account, cwd: "/", env: { ...process.env, LC_ALL: "C" } });
  const place = async (name: string): Promise<string> => {
    const directory = join(home, name);
    await mkdir(directory, { mode: 0o700 });
    if (account.uid !== undefined) await chown(directory, account.uid, account.gid ?? account.uid);
    return directory;
  };
  const start = async (directory: string, settings: Record<string, string>): Promise<DatabaseServer> => {
    const port = await freePort();
    const all = {
      ...settings,
      port,
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      fsync: "off",
    };
    const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
    const child = spawn(join(folder ?? "", "postgres"), ["-D", directory, ...options], {
      ...account,
      cwd: "/",
      stdio: "ignore",
    });
    const ended = once(child, "exit");
    const url = `postgres://owner@127.0.0.1:${port}/postgres`;
    if (!(await within(15_000, () => answers(url)))) throw new Error("PostgreSQL does not answer");
    return {
      port,
      url,
      stop: async (mode) => {
        child.kill(mode === "fast" ? "SIGINT" : "SIGQUIT");
        await ended;
      },
    };
  };

  const first = await place("primary");
  await call("initdb", "-D", first, "-U", "owner", "-A", "trust", "--no-sync", "-E", "UTF8");
  const primary = await start(first, { synchronous_standby_names: "*", synchronous_commit: "local" });
  const second = await place("standby");
  await call("pg_basebackup", "-d", primary.url, "-D", second, "-R", "--no-sync", "-c", "fast");
  const standby = await start(second, {});
  return {
    primary,
    standby,
    promote: async () => {
      await call("pg_ctl", "promote", "-D", second, "-w");
    },
    remove: async () => {
      await Promise.all([primary.stop("immediate"), standby.stop("immediate")]);
      await rm(home, { recursive: true, force: true });
    },
  };
};

const answers = async (url: string): Promise<boolean> => {
  const client = new pg.Client({ connectionString: url });
  client.on("error", () => undefined);
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
};
