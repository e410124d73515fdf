import { chmod, chown, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import type { Binaries } from "../../database/embedded/binaries.ts";
import { startServer, stopServer } from "../../database/embedded/postmaster.ts";
import { type Account, canTraverse } from "../../database/embedded/root-account.ts";

/** A server on a restored data directory, that only this process can reach. */
export interface CopyServer {
  /** The superuser of the cluster needs no password: the socket is in a directory that is closed to others. */
  settingsFor(database: string, user: string): pg.ClientConfig;
  /** Shuts down cleanly. */
  stop(): Promise<void>;
}

export interface CopyOptions {
  readonly binaries: Binaries;
  readonly account: Account;
  readonly directory: string;
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/**
 * Starts a server on a copy. The configuration of the original is not used: its paths, libraries and limits are those of
 * another machine. The caller has removed `postgresql.auto.conf`, which no option can switch off.
 */
export const startCopy = async ({
  binaries,
  account,
  directory,
  settings = {},
  signal,
}: CopyOptions): Promise<CopyServer> => {
  const closed = await closedDirectory(account);
  const path = (name: string) => join(closed, name);
  const write = async (name: string, text: string) => {
    await writeFile(path(name), text, { mode: 0o600 });
    await own(path(name), account);
  };
  try {
    await write("postgresql.conf", "");
    await write("pg_hba.conf", "local all all trust\n");
    await write("pg_ident.conf", "");
    const server = await startServer(binaries, {
      directory,
      account,
      logFile: path("log"),
      settings: {
        config_file: path("postgresql.conf"),
        hba_file: path("pg_hba.conf"),
        ident_file: path("pg_ident.conf"),
        listen_addresses: "",
        unix_socket_directories: closed,
        unix_socket_permissions: "0700",
        // A standby would insist on the limits of the original.
        hot_standby: "off",
        archive_mode: "off",
        max_wal_senders: "0",
        wal_level: "replica",
        shared_buffers: "64MB",
        timezone: "UTC",
        ...settings,
      },
      ...(signal && { signal }),
    });
    return {
      settingsFor: (database, user) => ({ host: closed, port: server.port, database, user }),
      stop: async () => {
        await stopServer(server);
        await rm(closed, { recursive: true, force: true });
      },
    };
  } catch (error) {
    await rm(closed, { recursive: true, force: true });
    throw error;
  }
};

/** In the temporary directory: the path of a socket has at most 107 bytes. */
const closedDirectory = async (account: Account): Promise<string> => {
  const parent = canTraverse(account, tmpdir()) ? tmpdir() : "/var/tmp";
  const directory = await mkdtemp(join(parent, "earlybird-copy-"));
  await own(directory, account);
  await chmod(directory, 0o700);
  return directory;
};

const own = async (path: string, { uid, gid }: Account): Promise<void> => {
  if (uid !== undefined && gid !== undefined) await chown(path, uid, gid);
};
