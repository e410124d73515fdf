import { execFile } from "node:child_process";
import { readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** The content of `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid` of a cluster; undefined if it is missing or incomplete. */
export const readPostmaster = async (cluster: string): Promise<Postmaster | undefined> => {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !lines[3] || !Number.isInteger(port)) return undefined;
  return { pid, port, ready: lines[7]?.trim() === "ready" };
};

/** The port at the last start of a cluster. */
export const lastPort = async (cluster: string): Promise<number | undefined> => {
  const text = await readFile(join(cluster, "postmaster.opts"), "utf8").catch(() => "");
  const port = /"-p" "(\d+)"/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
};

/**
 * Whether a process is a running PostgreSQL server of this cluster: after `kill -9` or a reboot, the pid may belong to
 * another program.
 */
export const isServerOf = async (cluster: string, pid: number): Promise<boolean> => {
  if (!isAlive(pid)) return false;
  if (process.platform === "win32") return true;
  const location = await realpath(cluster).catch(() => cluster);
  if (process.platform === "linux") {
    // The working directory of a server is its cluster. If it cannot be read, the process belongs to another user.
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    return directory === location || directory === `${location} (deleted)`;
  }
  const { stdout } = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.includes("postgres") && stdout.includes(location);
};

/** Whether a process with this pid exists, of any account. */
export const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
