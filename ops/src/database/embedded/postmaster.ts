import { type ChildProcess, spawn } from "node:child_process";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import { openLog } from "./data-directory.ts";
import { postgresDidNotStart } from "./failures.ts";
import { environment } from "./init-cluster.ts";
import { isAlive, isServerOf, readPostmaster } from "./postmaster-file.ts";
import type { Account } from "./root-account.ts";

const pollMs = 10;
const startAttempts = 20;
const longestReasonBytes = 4_096;
const retryMs = 250;
const shutdown = [
  ["SIGINT", 8_000],
  ["SIGQUIT", 2_000],
  ["SIGKILL", 2_000],
] as const;

/** A server that accepts connections on 127.0.0.1. */
export interface RunningServer {
  readonly directory: string;
  readonly pid: number;
  readonly port: number;
  /** Whether it was running already. */
  readonly adopted: boolean;
}

export interface ServerOptions {
  readonly directory: string;
  readonly account: Account;
  readonly logFile: string;
  /** Used unless another program has it. If undefined, any free port is used. */
  readonly preferredPort?: number | undefined;
  /** Settings of postgresql.conf by name. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Stops the waiting, not the server. */
  readonly signal?: AbortSignal;
}

/**
 * Starts the server of a cluster and waits until it accepts connections. If it is running already, it is adopted.
 * Several processes may do this at once: PostgreSQL's own lock file lets only one server start.
 *
 * @throws Failure EB_DATABASE_START with PostgreSQL's error message
 */
export const startServer = async (binaries: Binaries, options: ServerOptions): Promise<RunningServer> => {
  let { preferredPort } = options;
  for (let attempt = 1; ; attempt += 1) {
    const running = await runningServer(options.directory, options.signal);
    if (running) return running;
    const outcome = await launch(binaries, options, preferredPort ?? (await freePort()));
    if (!("reason" in outcome)) return outcome;
    const { reason, killed } = outcome;
    const portTaken = /could not (bind|create any TCP)/.test(reason);
    // Another process was faster, or a server that is ending still holds its shared memory.
    const temporary = killed || portTaken || /lock file|shared memory block/.test(reason);
    if (!temporary || attempt === startAttempts) {
      throw postgresDidNotStart({ reason, logFile: options.logFile });
    }
    if (portTaken) preferredPort = undefined;
    else await sleep(retryMs, undefined, { signal: options.signal });
  }
};

/** The server of a cluster once it accepts connections; undefined if none is running. */
export const runningServer = async (
  directory: string,
  signal?: AbortSignal,
): Promise<RunningServer | undefined> => {
  for (;;) {
    const found = await readPostmaster(directory);
    if (!found) return undefined;
    const { pid, port, ready } = found;
    if (!(await isServerOf(directory, pid))) {
      await removeForeignPid(directory, pid);
      return undefined;
    }
    if (ready) return { directory, pid, port, adopted: true };
    await sleep(pollMs, undefined, { signal });
  }
};

/**
 * After a crash or a reboot, the pid in `postmaster.pid` may belong to another program of the same account, and
 * PostgreSQL refuses to start while that runs. It replaces a file with the pid of no process by itself.
 */
const removeForeignPid = async (directory: string, pid: number): Promise<void> => {
  const isUnchanged = (await readPostmaster(directory))?.pid === pid;
  if (isUnchanged && isAlive(pid)) await rm(join(directory, "postmaster.pid"), { force: true });
};

/** The running server, or the reason why it did not start and whether a signal ended it. */
const launch = async (
  { postgres }: Binaries,
  { directory, account, logFile, settings = {}, signal }: ServerOptions,
  port: number,
): Promise<RunningServer | { reason: string; killed: boolean }> => {
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = await openLog(logFile);
  try {
    const { size } = await log.stat();
    const child = spawn(postgres, ["-D", directory, "-p", String(port), ...flags], {
      ...account,
      cwd: directory,
      env: environment(),
      stdio: ["ignore", log.fd, log.fd],
      // In a process group of its own, it does not receive Ctrl-C and outlives this process while others use it.
      detached: true,
      windowsHide: true,
    });
    child.on("error", () => undefined);
    child.unref();
    if (await untilReady(child, directory, signal)) {
      return { directory, pid: child.pid as number, port, adopted: false };
    }
    const reason = Buffer.alloc(longestReasonBytes);
    const { bytesRead } = await log.read(reason, 0, reason.length, size);
    return {
      reason: reason.toString("utf8", 0, bytesRead).trim() || "the program could not be run",
      killed: child.signalCode !== null,
    };
  } finally {
    await log.close();
  }
};

const untilReady = async (child: ChildProcess, directory: string, signal?: AbortSignal): Promise<boolean> => {
  while (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
    const found = await readPostmaster(directory);
    if (found?.pid === child.pid && found.ready) return true;
    await sleep(pollMs, undefined, { signal });
  }
  return false;
};

/**
 * Shuts a server down: connections are closed, data is flushed. Waits until its process has ended. If that takes more
 * than 8 seconds, the server is aborted and recovers at its next start.
 */
export const stopServer = async ({ directory, pid }: RunningServer): Promise<void> => {
  for (const [signal, waitMs] of shutdown) {
    if (!(await isServerOf(directory, pid))) return;
    process.kill(pid, signal);
    const giveUp = performance.now() + waitMs;
    while (performance.now() < giveUp && (await isServerOf(directory, pid))) await sleep(pollMs);
  }
};

/** A port of 127.0.0.1 that is free now. */
const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen({ host: "127.0.0.1", port: 0, exclusive: true }, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
