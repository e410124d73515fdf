import { type ChildProcess, spawn } from "node:child_process";
import { open, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Binaries } from "./binaries.ts";
import { postgresDidNotStart } from "./failures.ts";
import { environment } from "./init-cluster.ts";
import { isServerOf, readPostmaster } from "./postmaster-file.ts";
import type { Account } from "./root-account.ts";

const pollMs = 10;
const adoptedPollMs = 100;
const startAttempts = 20;
const longestReasonBytes = 4_096;
const retryMs = 250;
const shutdown = [
  ["SIGINT", 8_000],
  ["SIGQUIT", 2_000],
  ["SIGKILL", 2_000],
] as const;

/** A server that runs: where it listens, and when it ends. */
export interface RunningServer {
  readonly pid: number;
  /** Whether it ran already. */
  readonly adopted: boolean;
  /** On 127.0.0.1. */
  readonly port: number;
  /** Fulfils when the server's process is gone, whatever the reason. */
  readonly ended: Promise<void>;
}

export interface ServerOptions {
  readonly directory: string;
  readonly account: Account;
  readonly logFile: string;
  /** Taken when it is free; otherwise, or when absent, any free port. */
  readonly preferredPort?: number | undefined;
  /** Settings of postgresql.conf by name. */
  readonly settings?: Readonly<Record<string, string>>;
}

/**
 * Starts the server of a cluster and waits until it accepts connections; a server of this cluster that runs
 * already is adopted.
 *
 * @throws Failure EB_DATABASE_START with PostgreSQL's own words
 */
export const startServer = async (binaries: Binaries, options: ServerOptions): Promise<RunningServer> => {
  let preferredPort = options.preferredPort;
  for (let attempt = 1; ; attempt += 1) {
    const running = await adopt(options.directory);
    if (running) return running;
    const port = await freePort(preferredPort);
    const outcome = await launch(binaries, options, port);
    if (!("words" in outcome)) return outcome;
    const { words, killed } = outcome;
    // Another program took the port since we looked, or a dying server still holds its shared memory.
    const portTaken = /could not (bind|create any TCP)/.test(words);
    const passing = killed || portTaken || /lock file|shared memory block/.test(words);
    if (!passing || attempt === startAttempts) {
      throw postgresDidNotStart("Starting PostgreSQL", words, options.logFile);
    }
    if (portTaken) preferredPort = undefined;
    else await sleep(retryMs);
  }
};

const adopt = async (directory: string): Promise<RunningServer | undefined> => {
  for (;;) {
    const found = await readPostmaster(directory);
    if (!found) return undefined;
    if (!(await isServerOf(directory, found.pid))) {
      // PostgreSQL itself sees only that the number is in use, and would refuse to start for ever.
      await rm(join(directory, "postmaster.pid"), { force: true });
      return undefined;
    }
    if (found.ready) {
      return { pid: found.pid, port: found.port, adopted: true, ended: untilGone(directory, found.pid) };
    }
    await sleep(pollMs);
  }
};

const untilGone = async (directory: string, pid: number): Promise<void> => {
  while (await isServerOf(directory, pid)) await sleep(adoptedPollMs);
};

/** The running server, or PostgreSQL's words about why there is none, and whether a signal ended it. */
const launch = async (
  { postgres }: Binaries,
  { directory, account, logFile, settings = {} }: ServerOptions,
  port: number,
): Promise<RunningServer | { words: string; killed: boolean }> => {
  const all = { listen_addresses: "127.0.0.1", unix_socket_directories: "", ...settings };
  const flags = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const log = await open(logFile, "a+", 0o600);
  try {
    const { size } = await log.stat();
    const child = spawn(postgres, ["-D", directory, "-p", String(port), ...flags], {
      ...account,
      cwd: directory,
      env: environment(),
      stdio: ["ignore", log.fd, log.fd],
      // A process group of its own: Ctrl-C in a terminal is for us, and we stop the server when it is time.
      detached: true,
    });
    const ended = new Promise<void>((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => resolve());
    });
    child.unref();
    if (await untilReady(child, directory)) return { pid: child.pid as number, port, adopted: false, ended };
    const words = Buffer.alloc(longestReasonBytes);
    const { bytesRead } = await log.read(words, 0, words.length, size);
    return {
      words: words.toString("utf8", 0, bytesRead).trim() || "the program could not be run",
      killed: child.signalCode !== null,
    };
  } finally {
    await log.close();
  }
};

const untilReady = async (child: ChildProcess, directory: string): Promise<boolean> => {
  let gone = false;
  child.once("exit", () => {
    gone = true;
  });
  child.once("error", () => {
    gone = true;
  });
  while (!gone) {
    const found = await readPostmaster(directory);
    if (found?.pid === child.pid && found?.ready) return true;
    await sleep(pollMs);
  }
  return false;
};

/**
 * Shuts a server down: connections are closed, data is flushed. Waits until its process is gone; one that
 * is not after 8 seconds is made to abort, from which it recovers at its next start.
 */
export const stopServer = async ({ pid, ended }: RunningServer): Promise<void> => {
  for (const [signal, waitMs] of shutdown) {
    const gone = ended.then(() => true);
    if (await Promise.race([gone, false])) return;
    process.kill(pid, signal);
    if (await Promise.race([gone, sleep(waitMs, false)])) return;
  }
};

/** A port of 127.0.0.1 that is free now. */
const freePort = (preferred?: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error) => (preferred === undefined ? reject(error) : resolve(freePort())));
    probe.listen({ host: "127.0.0.1", port: preferred ?? 0, exclusive: true }, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
