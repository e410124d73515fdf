import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { defineFailure } from "../../core/failure.ts";
import type { InstalledVersion } from "../journeys/index.ts";
import { programOf } from "../slots/index.ts";

const notStarted = defineFailure({
  code: "EB_REHEARSAL_START",
  status: 409,
  exitStatus: 4,
  detail: "Version {version} does not start on the restored backup: {reason}",
  remedy: "Correct the version, and rehearse the release again.",
});

const lookEveryMs = 50;
const stopWithinMs = 15_000;
const longestReason = 800;

/** A version of the service that serves on a copy. */
export interface RunningVersion {
  stop(): Promise<void>;
}

/** A port of this machine that nobody listens on. */
export const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address ? address.port : 0;
};

/**
 * Starts a version with its own `earlybird` and waits until it is ready.
 *
 * @param env with the PORT that it is to listen on
 * @throws Failure EB_REHEARSAL_START if it ends, or is not ready within `limitMs`; the reason of `signal`
 */
export const startVersion = async (
  { version, directory }: InstalledVersion,
  env: NodeJS.ProcessEnv,
  { limitMs, signal }: { limitMs: number; signal?: AbortSignal | undefined },
): Promise<RunningVersion> => {
  const child = spawn(process.execPath, [programOf(directory), "start", "--direct", "--rehearsal"], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-longestReason);
    });
  const startMs = performance.now();
  try {
    while (!(await isReady(Number(env.PORT)))) {
      signal?.throwIfAborted();
      if (hasEnded(child)) throw notStarted({ version, reason: inOneLine(output) || "it ends" });
      if (performance.now() - startMs > limitMs)
        throw notStarted({
          version,
          reason: `it is not ready after ${limitMs} ms. ${inOneLine(output)}`.trim(),
        });
      await sleep(lookEveryMs);
    }
    return { stop: () => end(child, stopWithinMs) };
  } catch (error) {
    await end(child, 0);
    throw error;
  }
};

/** As the front decides: a service without `/readyz` is ready if it answers. */
const isReady = async (port: number): Promise<boolean> => {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status < 500;
  } catch {
    return false;
  }
};

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

/** A version on a copy has nothing to lose: one that does not end is killed. */
const end = async (child: ChildProcess, withinMs: number): Promise<void> => {
  if (hasEnded(child) || child.pid === undefined) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const timer = setTimeout(() => child.kill("SIGKILL"), withinMs);
  await ended;
  clearTimeout(timer);
};

const inOneLine = (text: string): string => text.trim().replace(/\s*\n\s*/g, " ");
