import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import pg from "pg";
import { type Binaries, embeddedBinaries } from "../../ops/src/database/embedded/binaries.ts";
import {
  builtinLocale,
  initCluster,
  passwordOf,
  superuser,
} from "../../ops/src/database/embedded/init-cluster.ts";
import { type RunningServer, startServer, stopServer } from "../../ops/src/database/embedded/postmaster.ts";
import { postgresAccount } from "../../ops/src/database/embedded/root-account.ts";
import { makeFastDirectory } from "./temporary-directory.ts";

/** A PostgreSQL server for tests, in a temporary directory. It ends with the process that started it. */
export interface ThrowawayPostgres {
  /** The address of the database `postgres`; stays the same when the server is stopped and started again. */
  readonly url: string;
  /** Stops the server as an administrator would: connections are closed. */
  stop(): Promise<void>;
  /** Starts it again on the same port. */
  start(): Promise<void>;
  /** Makes it hang: connections stay open, and nothing answers. Returns what lets it go on. */
  freeze(): Promise<() => void>;
  /** Stops it and removes its directory. */
  remove(): Promise<void>;
}

/** Quick rather than durable: what a crash of the machine would lose is thrown away anyhow. */
const settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  shared_buffers: "128MB",
  max_connections: "200",
  timezone: "UTC",
};

/** Starts a server of the embedded PostgreSQL 18. Takes about half a second. */
export const startThrowawayPostgres = async (): Promise<ThrowawayPostgres> =>
  start(await embeddedBinaries(await postgresAccount()), builtinLocale);

/**
 * Starts a server of the newest PostgreSQL that the system has installed (Debian's layout).
 *
 * @returns undefined where there is none: `test.skipIf(!systemPostgresVersion)` says so
 */
export const startSystemPostgres = async (): Promise<ThrowawayPostgres> => {
  if (!systemPostgresVersion) throw new Error("the system has no PostgreSQL below /usr/lib/postgresql");
  const programs = `/usr/lib/postgresql/${systemPostgresVersion}/bin`;
  return start({ initdb: join(programs, "initdb"), postgres: join(programs, "postgres") }, []);
};

/** The major version of the PostgreSQL that the system has installed; undefined when it has none. */
export const systemPostgresVersion: string | undefined = (
  await readdir("/usr/lib/postgresql").catch((): string[] => [])
)
  .sort((a, b) => Number(b) - Number(a))
  .at(0);

const start = async (binaries: Binaries, flags: string[]): Promise<ThrowawayPostgres> => {
  const account = await postgresAccount();
  const home = await makeFastDirectory();
  const directory = join(home, "cluster");
  const guard = guardOf(home);
  await initCluster(binaries, { directory, account, flags: ["--no-sync", ...flags] });
  const launch = (preferredPort?: number): Promise<RunningServer> =>
    startServer(binaries, { directory, account, logFile: join(home, "log"), preferredPort, settings });
  let server = await launch();
  const password = await passwordOf(directory);
  const { port } = server;
  const url = `postgres://${superuser}:${password}@127.0.0.1:${port}/postgres?sslmode=disable`;
  return {
    url,
    stop: () => stopServer(server),
    start: async () => {
      server = await launch(port);
    },
    freeze: async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query<{ pid: number }>(
        "select pid from pg_stat_activity where pid <> pg_backend_pid()",
      );
      await client.end();
      const processes = [server.pid, ...rows.map(({ pid }) => pid)];
      const signal = (name: NodeJS.Signals) => {
        for (const pid of processes) process.kill(pid, name);
      };
      signal("SIGSTOP");
      return () => signal("SIGCONT");
    },
    remove: async () => {
      guard.ref();
      guard.stdin?.end();
      await once(guard, "exit");
    },
  };
};

/**
 * Cleans up when our end of its standard input closes: at the end of the tests, and also when they are
 * aborted or killed, because then the system closes it.
 */
const guardOf = (home: string): ChildProcess => {
  const script = `
    trap "" HUP INT TERM
    cat > /dev/null
    file="$1/cluster/postmaster.pid"
    read -r pid < "$file" && kill -INT "$pid"
    for i in $(seq 100); do [ -e "$file" ] || break; sleep 0.05; done
    [ -e "$file" ] && kill -KILL "$pid"
    [ -d "$1/cluster" ] || sleep 1
    rm -rf "$1"`;
  const guard = spawn("sh", ["-c", script, "guard", home], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
    cwd: "/",
  });
  guard.unref();
  return guard;
};
