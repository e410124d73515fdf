import { execFile } from "node:child_process";
import { readFile, readlink, realpath } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

/** What a running server writes about itself into `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  readonly ready: boolean;
}

/** Reads `postmaster.pid` of a cluster; undefined when there is none, or while it is being written. */
export const readPostmaster = async (cluster: string): Promise<Postmaster | undefined> => {
  const text = await readFile(join(cluster, "postmaster.pid"), "utf8").catch(() => "");
  const lines = text.split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !lines[3] || !Number.isInteger(port)) return undefined;
  return { pid, port, ready: lines[7]?.trim() === "ready" };
};

/** The port of the last start of a cluster, so that it can stay the same. */
export const lastPort = async (cluster: string): Promise<number | undefined> => {
  const text = await readFile(join(cluster, "postmaster.opts"), "utf8").catch(() => "");
  const port = /"-p" "(\d+)"/.exec(text)?.[1];
  return port === undefined ? undefined : Number(port);
};

/**
 * Whether a process is a live PostgreSQL server of this very cluster.
 *
 * A number alone says nothing: after a `kill -9` or a reboot it may belong to anybody.
 */
export const isServerOf = async (cluster: string, pid: number): Promise<boolean> => {
  if (!isAlive(pid)) return false;
  if (process.platform === "win32") return true;
  const place = await realpath(cluster).catch(() => cluster);
  if (process.platform === "linux") {
    // The server's working directory is its cluster; a process that is not ours to look at is not our server.
    const directory = await readlink(`/proc/${pid}/cwd`).catch(() => "");
    return directory === place || directory === `${place} (deleted)`;
  }
  const { stdout } = await run("ps", ["-ww", "-o", "command=", "-p", String(pid)]).catch(() => ({
    stdout: "",
  }));
  return stdout.includes("postgres") && stdout.includes(place);
};

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
};
