import { lstat } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { Failure } from "../../core/failure.ts";
import { listenNear, removeOldSockets } from "./address.ts";
import { embeddedBinaries } from "./binaries.ts";
import { clusterLocation } from "./cluster-location.ts";
import { keeperDirectoryOf, logFileOf } from "./data-directory.ts";
import { postgresDidNotStart } from "./failures.ts";
import { builtinLocale, initCluster } from "./init-cluster.ts";
import { Leases } from "./leases.ts";
import { startServer, stopServer } from "./postmaster.ts";
import { lastPort } from "./postmaster-file.ts";
import type { Answer } from "./protocol.ts";
import { publish } from "./publication.ts";
import { postgresAccount } from "./root-account.ts";

const settings = {
  shared_buffers: "128MB",
  max_connections: "100",
  timezone: "UTC",
  log_timezone: "UTC",
};

/**
 * Runs the server of a data directory for as long as any process holds a lease, then stops it. Returns at
 * once when another keeper does so already, or has done so since.
 *
 * @param dataDir as `prepareDataDirectory` answered it
 * @param after the generation of the latest keeper when this one was found to be needed, 0 for none
 * @param restartAfterMs how long to wait before a server that ended by itself is started again, unless
 *   somebody asks for it
 */
export const keepServer = async (dataDir: string, after: number, restartAfterMs = 10_000): Promise<void> => {
  const directory = keeperDirectoryOf(dataDir);
  const { listener, address } = await listenNear(directory);
  const leases = new Leases(listener);
  try {
    if (!(await publish(directory, address, after))) return;
    await removeOldSockets(directory, address);
    await serve(dataDir, leases, restartAfterMs);
  } catch (error) {
    leases.announce(failed(dataDir, error));
  } finally {
    await leases.close();
  }
};

const serve = async (dataDir: string, leases: Leases, restartAfterMs: number): Promise<void> => {
  const account = await postgresAccount();
  const binaries = await embeddedBinaries(account);
  const directory = await clusterLocation(dataDir, account);
  if (!(await exists(directory))) {
    await initCluster(binaries, { directory, account, flags: builtinLocale });
  }
  for (;;) {
    const preferredPort = await lastPort(directory);
    const options = { directory, account, logFile: logFileOf(dataDir), preferredPort, settings };
    const server = await startServer(binaries, options);
    leases.announce({ state: "ready", port: server.port, cluster: directory, joined: server.adopted });
    const ended = server.ended.then(() => "ended" as const);
    const unused = leases.unused().then(() => "unused" as const);
    const what = await Promise.race([ended, unused]);
    leases.withdraw();
    if (what === "unused") await stopServer(server);
    // Not at once: the watch should notice that the database was away, and one that cannot stay up must not
    // be started in a tight loop.
    else await Promise.race([sleep(restartAfterMs, undefined, { ref: false }), leases.asked(), unused]);
    leases.dismiss();
    // Somebody may have come while the server was stopping: it is started again for them.
    if (leases.size === 0) return;
  }
};

const exists = (path: string): Promise<boolean> =>
  lstat(path).then(
    () => true,
    () => false,
  );

const failed = (dataDir: string, error: unknown): Answer => {
  const reason = error instanceof Error ? error.message : String(error);
  const failure =
    error instanceof Failure ? error : postgresDidNotStart("Starting PostgreSQL", reason, logFileOf(dataDir));
  const { code, status, detail, remedy } = failure;
  return { state: "failed", code, status, detail, remedy };
};
