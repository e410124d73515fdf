import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../core/logger.ts";
import { prepareDataDirectory } from "./data-directory.ts";
import { dataDirectoryUnusable } from "./failures.ts";
import { passwordOf, superuser } from "./init-cluster.ts";
import { type Lease, takeLease } from "./lease.ts";

const retryMs = 2_000;

/** An embedded server that runs for as long as this process, or another one of ours, uses it. */
export interface EmbeddedServer {
  /** The address of a database in it; holds the password. */
  urlOf(database: string): string;
  /** Whether it ran already. */
  readonly joined: boolean;
  /** Ends our use of it; waits until it is down when we were the last. */
  release(): Promise<void>;
}

/**
 * Starts or joins the embedded server whose cluster is kept in a data directory; both are made when absent.
 * The first time takes about a second, later ones a fifth of that.
 */
export const startEmbeddedServer = async (dataDir: string, log: Logger): Promise<EmbeddedServer> => {
  const place = await prepareDataDirectory(dataDir);
  let released = false;

  // Without a lease the server may end under us: the keeper's death must not become ours.
  const renew = async (): Promise<void> => {
    log.warn("the keeper of the embedded database is gone; another one is started");
    while (!released && existsSync(join(lease.cluster, "PG_VERSION"))) {
      try {
        lease = await takeLease(place, onLost);
        if (released) await lease.release();
        return;
      } catch (error) {
        log.error({ err: error }, "the embedded database cannot be started");
        await sleep(retryMs, undefined, { ref: false });
      }
    }
  };
  const onLost = (): void => {
    if (!released) void renew();
  };

  let lease: Lease = await takeLease(place, onLost);
  const password = await passwordOf(lease.cluster).catch((cause: unknown) => {
    throw dataDirectoryUnusable(dataDir, cause);
  });
  const { port, joined } = lease;
  return {
    urlOf: (database) => `postgres://${superuser}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`,
    joined,
    release: () => {
      released = true;
      return lease.release();
    },
  };
};
