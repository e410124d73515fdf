import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";

export const root = fileURLToPath(new URL("..", import.meta.url));
export const program = `${root}ops/bin/earlybird.js`;

/** `earlybird start` in its own process, with its own data directory. */
export interface RunningService {
  folder: string;
  env: NodeJS.ProcessEnv;
  /** The base URL. */
  url: string;
  stop: () => Promise<void>;
}

/**
 * Starts a service and waits until it prints `greeting`.
 *
 * @param args of `earlybird start`; without `--direct`, the service runs behind a front
 */
export const startService = async (
  folder: string,
  greeting: string,
  settings: NodeJS.ProcessEnv = {},
  args: readonly string[] = ["--direct"],
): Promise<RunningService> => {
  console.error(`starting the service in ${folder} ...`);
  const dataDir = await makeTemporaryDirectory();
  const env = { ...process.env, EARLYBIRD_DATA_DIR: dataDir, PORT: String(await freePort()), ...settings };
  const child = spawn(process.execPath, [program, "start", ...args], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await waitForOutput(child, greeting);
  const stop = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
    await rm(dataDir, { recursive: true, force: true });
  };
  return { folder, env, url: `http://localhost:${env.PORT}`, stop };
};

/** Waits until a process writes a text to stderr. */
export const waitForOutput = (child: ChildProcess, greeting: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(greeting)) resolve();
    });
    child.once("exit", () => reject(new Error(`The server exited: ${said}`)));
  });

export const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
};
