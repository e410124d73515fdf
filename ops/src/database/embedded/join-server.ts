import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { Failure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import { archiveSettings } from "./archive.ts";
import { embeddedBinaries } from "./binaries.ts";
import { logFileOf } from "./data-directory.ts";
import { dataDirectoryUnusable, postgresDidNotStart } from "./failures.ts";
import { builtinLocale, initCluster, passwordOf, superuser } from "./init-cluster.ts";
import { type RunningServer, runningServer, startServer } from "./postmaster.ts";
import { lastPort, readPostmaster } from "./postmaster-file.ts";
import type { Account } from "./root-account.ts";
import { openSession, type Session } from "./session.ts";

const readyWithinMs = 90_000;
const retryMs = 10;
const settings = {
  shared_buffers: "128MB",
  max_connections: "100",
  timezone: "UTC",
  log_timezone: "UTC",
};

/** Where the server of a data directory lives, and the account of its processes. */
export interface Location {
  readonly dataDir: string;
  readonly directory: string;
  readonly account: Account;
  /** Whether the log is archived beside the cluster. */
  readonly archives: boolean;
}

/** A server, and the session that keeps other processes from stopping it. */
export interface JoinedServer {
  readonly server: RunningServer;
  readonly session: Session;
  /** The address of a database in it; contains the password. */
  urlOf(database: string): string;
}

/**
 * Starts the server of a data directory, or adopts the running one, and opens a session on it.
 *
 * @throws Failure EB_DATABASE_START, also after 90 seconds without an answer
 */
export const joinServer = async (location: Location): Promise<JoinedServer> => {
  const { dataDir, directory } = location;
  const signal = AbortSignal.timeout(readyWithinMs);
  try {
    for (;;) {
      const server = (await runningServer(directory, signal)) ?? (await start(location, signal));
      const password = await passwordOf(directory).catch((cause: unknown) => {
        throw dataDirectoryUnusable({ dataDir, reason: messageOf(cause) }, {}, { cause });
      });
      const urlOf = (database: string) =>
        `postgres://${superuser}:${password}@127.0.0.1:${server.port}/${database}?sslmode=disable`;
      const session = await openSession(urlOf("postgres")).catch(ignoreShutdown);
      // A server marks its shutdown in this file before it ends sessions, which release their locks.
      const found = await readPostmaster(directory);
      if (session && found?.pid === server.pid && found.ready) return { server, session, urlOf };
      session?.close();
      await sleep(retryMs, undefined, { signal });
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    const reason = messageOf(error);
    throw postgresDidNotStart({
      reason: signal.aborted ? `no answer within ${readyWithinMs / 1000} s.` : reason,
      logFile: logFileOf(dataDir),
    });
  }
};

const start = async (
  { dataDir, directory, account, archives }: Location,
  signal: AbortSignal,
): Promise<RunningServer> => {
  const binaries = await embeddedBinaries(account);
  await initCluster(binaries, { directory, account, flags: builtinLocale });
  const preferredPort = await lastPort(directory);
  return startServer(binaries, {
    directory,
    account,
    logFile: logFileOf(dataDir),
    preferredPort,
    settings: { ...settings, ...(archives && (await archiveSettings(directory, account))) },
    signal,
  });
};

/** A server that another process stops, or that crashed, cuts connections or refuses them with an error of class 57. */
const ignoreShutdown = (error: unknown): undefined => {
  if (error instanceof pg.DatabaseError && !error.code?.startsWith("57")) throw error;
};
