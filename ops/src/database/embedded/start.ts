import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../core/logger.ts";
import { withTimeout } from "../../core/with-timeout.ts";
import { clusterLocation } from "./cluster-location.ts";
import { prepareDataDirectory } from "./data-directory.ts";
import { type JoinedServer, joinServer } from "./join-server.ts";
import { runningServer, stopServer } from "./postmaster.ts";
import { postgresAccount } from "./root-account.ts";

const pollMs = 1_000;
const downWithinMs = 15_000;

/** An embedded server that runs as long as this process or another one uses it. */
export interface EmbeddedServer {
  /** The address of a database in it; contains the password. */
  urlOf(database: string): string;
  /** Whether it was running already. */
  readonly joined: boolean;
  /** Creates a database of the server if it is missing. */
  ensureDatabase(name: string): Promise<void>;
  /** Ends this use of the server. The last user stops it and waits until it has stopped. */
  release(): Promise<void>;
}

/**
 * Starts or joins the embedded server of a data directory; both are created if missing. The first start takes about a
 * second, later ones a fifth of that.
 *
 * @param archives whether the log is archived beside the cluster, from the next start of the server on
 * @param restartAfterMs how long to wait before a server that ended is started again, unless another process starts it
 */
export const startEmbeddedServer = async (
  dataDir: string,
  log: Logger,
  {
    archives = false,
    restartAfterMs = 10_000,
  }: { archives?: boolean; restartAfterMs?: number | undefined } = {},
): Promise<EmbeddedServer> => {
  const path = await prepareDataDirectory(dataDir);
  const account = await postgresAccount();
  const directory = await clusterLocation(path, account);
  const location = { dataDir: path, directory, account, archives };
  let released = false;
  let current = await joinServer(location);
  let renewal: Promise<void> | undefined;

  // Not at once: the health check should notice that the database was down, and a server that cannot stay up must
  // not be started in a tight loop.
  const renew = async (): Promise<void> => {
    log.warn("the embedded database has ended and is started again");
    const restartAt = performance.now() + restartAfterMs;
    while (!released && existsSync(join(directory, "PG_VERSION"))) {
      try {
        if (performance.now() >= restartAt || (await runningServer(directory))) {
          current = await joinServer(location);
          return renewWhenEnded();
        }
      } catch (error) {
        log.error({ err: error }, "the embedded database cannot be started");
      }
      await sleep(Math.min(pollMs, restartAfterMs), undefined, { ref: false });
    }
  };
  const renewWhenEnded = (): void => {
    void current.session.ended.then(() => {
      if (!released) renewal = renew();
    });
  };
  renewWhenEnded();

  return {
    urlOf: current.urlOf,
    joined: current.server.adopted,
    ensureDatabase: (name) => current.session.ensureDatabase(name),
    release: async () => {
      released = true;
      try {
        await withTimeout(
          downWithinMs,
          (async () => {
            await renewal;
            await leave(current);
          })(),
        );
      } catch (error) {
        log.warn({ err: error }, "the embedded database was not stopped");
      } finally {
        current.session.close();
      }
    },
  };
};

const leave = async ({ server, session }: JoinedServer): Promise<void> => {
  // Without a connection, the server has ended, or another process that left is stopping it.
  const isLast = await session.leave().catch(() => false);
  if (isLast) await stopServer(server);
};
