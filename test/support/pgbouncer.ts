import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { postgresAccount } from "../../ops/src/database/embedded/root-account.ts";
import { listens, within } from "./database-process.ts";
import { debianPrograms } from "./debian-package.ts";
import { freePort } from "./free-port.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

const folder = await debianPrograms("pgbouncer", ["pgbouncer"], ["usr/sbin"]);

/** Whether PgBouncer is there; else tests that need it are skipped. */
export const hasPgBouncer = folder !== undefined;

export interface RunningPgBouncer {
  /** The address of the database through it. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * Starts a PgBouncer before a database.
 *
 * @param url of the database
 * @param mode when a client gives the connection to the server back: `transaction` or `session`
 */
export const startPgBouncer = async (
  url: string,
  mode: "transaction" | "session",
): Promise<RunningPgBouncer> => {
  const { hostname, port, username, password } = new URL(url);
  const home = await makeTemporaryDirectory();
  const own = await freePort();
  const config = join(home, "pgbouncer.ini");
  const users = join(home, "users");
  await writeFile(users, `"${username}" "${decodeURIComponent(password)}"\n`);
  await writeFile(
    config,
    `[databases]
* = host=${hostname} port=${port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${own}
unix_socket_dir =
auth_type = plain
auth_file = ${users}
pool_mode = ${mode}
default_pool_size = 20
`,
  );
  await Promise.all([chmod(home, 0o755), chmod(config, 0o644), chmod(users, 0o644)]);
  const account = await postgresAccount();
  const child = spawn(join(folder ?? "", "pgbouncer"), [config], { ...account, cwd: "/", stdio: "ignore" });
  const ended = once(child, "exit");
  if (!(await within(10_000, () => listens(own)))) throw new Error("PgBouncer does not listen");
  return {
    url: Object.assign(new URL(url), { host: `127.0.0.1:${own}` }).href,
    stop: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
};
