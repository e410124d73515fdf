import { spawn } from "node:child_process";
import { text } from "node:stream/consumers";
import { programOf } from "./program-of.ts";

/** What a command of a version left behind. `status` is null if it was killed, as at its time limit. */
export interface VersionOutput {
  stdout: string;
  stderr: string;
  status: number | null;
}

/**
 * Runs a command of a version's own `earlybird` in its directory, and waits for its end.
 *
 * @throws AbortError, and the error of a program that cannot be started
 */
export const runVersion = async (
  directory: string,
  args: readonly string[],
  { env, limitMs, signal }: { env: NodeJS.ProcessEnv; limitMs: number; signal?: AbortSignal | undefined },
): Promise<VersionOutput> => {
  const child = spawn(process.execPath, [programOf(directory), ...args], {
    cwd: directory,
    env,
    stdio: ["ignore", "pipe", "pipe"],
    timeout: limitMs,
    killSignal: "SIGKILL",
    ...(signal && { signal }),
  });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once("error", reject).once("close", resolve);
  });
  const [stdout, stderr, status] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { stdout, stderr, status };
};
