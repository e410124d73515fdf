import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { readProcess, slots, stopProcess } from "../../ops/src/deployment/index.ts";
import { secretSettings, settingsReference } from "../../ops/src/settings/settings.ts";
import { root } from "../repository/imports.ts";
import { serverPid } from "../support/database-process.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { ensureBuilt, program } from "./build.ts";

/** The result of a command. */
export interface Outcome {
  exitStatus: number | null;
  stdout: string;
  stderr: string;
}

/** A running `earlybird start`. */
export interface Server {
  process: ChildProcess;
  /** Stdout and stderr so far. */
  output: () => string;
  /**
   * Sends a signal and waits until the server and its child processes have exited. Returns the exit status, null after
   * `SIGKILL`.
   *
   * @param to the started process, or its process group as Ctrl-C in a terminal does
   */
  stop: (signal: "SIGINT" | "SIGTERM" | "SIGKILL", to?: "process" | "group") => Promise<number | null>;
}

/** The built command with its own data directory and port, as a user has it. */
export interface Installation {
  url: string;
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Runs a command until it exits. */
  run: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Outcome>;
  /** Starts the server, a front with its slot, and waits until it listens. */
  start: (env?: NodeJS.ProcessEnv) => Promise<Server>;
  /** Starts the server as one process, for tests that kill it. */
  startDirect: (env?: NodeJS.ProcessEnv) => Promise<Server>;
  /** Starts the server with another command, such as `npm start`, in its own process group. */
  startWith: (...command: string[]) => Promise<Server>;
  /** Stops running servers and removes the directory. */
  remove: () => Promise<void>;
}

/** Clears settings from the developer's environment and `.env`: an empty value means not set. */
const unset = Object.fromEntries([
  ...settingsReference().map(({ name }) => [name, ""]),
  ...secretSettings.map((name) => [`${name}_FILE`, ""]),
]);

const stopTimeoutMs = 10_000;

/** @param service the folder of the service, and the text it prints once it listens */
export const createInstallation = async (
  service = { folder: root, greeting: "EarlyBird listens on" },
): Promise<Installation> => {
  await ensureBuilt();
  const dataDir = await makeTemporaryDirectory();
  const port = await freePort();
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, ...unset, EARLYBIRD_DATA_DIR: dataDir, PORT: String(port) };
  /** The running servers, each with a function that kills all of its processes. */
  const running = new Map<Server, () => void>();
  const spawnCommand = ([file = "", ...args]: readonly string[], more: SpawnOptions = {}) =>
    spawn(file, args, { cwd: service.folder, env, ...more, stdio: ["ignore", "pipe", "pipe"] });
  const spawnProgram = (args: readonly string[], more: NodeJS.ProcessEnv) =>
    spawnCommand([process.execPath, program, ...args], { env: { ...env, ...more } });
  const untilListening = async (
    child: ReturnType<typeof spawnCommand>,
    killAll: () => void = () => child.kill("SIGKILL"),
  ): Promise<Server> => {
    const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
    const closed = once(child, "close");
    const server: Server = {
      process: child,
      output: () => stdout() + stderr(),
      stop: async (signal, to = "process") => {
        if (to === "process") child.kill(signal);
        else process.kill(-(child.pid as number), signal);
        const [exitStatus] = await closed;
        running.delete(server);
        return exitStatus;
      },
    };
    running.set(server, killAll);
    while (!server.output().includes(service.greeting)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the server exited before it listened: ${server.output()}`);
      await sleep(20);
    }
    return server;
  };
  return {
    url: `http://localhost:${port}`,
    dataDir,
    env,
    run: async (args, more = {}) => {
      const child = spawnProgram(args, more);
      const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
      const [exitStatus] = await once(child, "close");
      return { exitStatus, stdout: stdout(), stderr: stderr() };
    },
    start: async (more = {}) => untilListening(spawnProgram(["start"], more)),
    startDirect: async (more = {}) => untilListening(spawnProgram(["start", "--direct"], more)),
    startWith: async (...command) => {
      const child = spawnCommand(command, { detached: true });
      return untilListening(child, () => process.kill(-(child.pid as number), "SIGKILL"));
    },
    remove: async () => {
      for (const [server, killAll] of [...running]) {
        const killTimer = setTimeout(killAll, stopTimeoutMs);
        await server.stop("SIGTERM");
        clearTimeout(killTimer);
      }
      // A front that was killed leaves its slots running.
      for (const slot of slots) {
        const left = await readProcess(dataDir, slot);
        if (left) await stopProcess(left.owner, stopTimeoutMs);
      }
      // A server that was killed leaves its database running.
      const database = await serverPid(dataDir).catch(() => undefined);
      if (database !== undefined) process.kill(database, "SIGQUIT");
      await rm(dataDir, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
    },
  };
};

const collect = (stream: NodeJS.ReadableStream): (() => string) => {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (part: string) => {
    text += part;
  });
  return () => text;
};

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.listen(0, "localhost", () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
