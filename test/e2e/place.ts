import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { secretSettings, settingsReference } from "../../ops/src/settings/settings.ts";
import { root } from "../repository/imports.ts";
import { serverPid } from "../support/database-process.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { ensureBuilt, program } from "./built.ts";

/** What a command left behind. */
export interface Outcome {
  exitStatus: number | null;
  stdout: string;
  stderr: string;
}

/** A running `earlybird start`. */
export interface Server {
  process: ChildProcess;
  /** Both of its outputs so far. */
  said: () => string;
  /**
   * Sends a signal and waits until all that was started is gone; answers with the exit status, null after `SIGKILL`.
   *
   * @param to the process that was started, or all of its process group, as Ctrl-C in a terminal does
   */
  end: (signal: "SIGINT" | "SIGTERM" | "SIGKILL", to?: "process" | "group") => Promise<number | null>;
}

/** A data directory and a port of a test's own, as a user has them, and the program run there. */
export interface Place {
  url: string;
  dataDir: string;
  env: NodeJS.ProcessEnv;
  /** Runs the program to its end. */
  run: (args: readonly string[], env?: NodeJS.ProcessEnv) => Promise<Outcome>;
  /** Starts the server and waits until it listens. */
  start: (env?: NodeJS.ProcessEnv) => Promise<Server>;
  /** The same by another command, such as `npm start`, in a process group of its own. */
  startBy: (...command: string[]) => Promise<Server>;
  /** Ends what still runs and removes the directory. */
  remove: () => Promise<void>;
}

/** Settings that whoever runs the tests may have: empty means not set, in the environment and in `.env`. */
const unset = Object.fromEntries([
  ...settingsReference().map(({ name }) => [name, ""]),
  ...secretSettings.map((name) => [`${name}_FILE`, ""]),
]);

const endsWithinMs = 10_000;

/** @param service the folder whose service it is, and what that says once it listens */
export const makePlace = async (
  service = { folder: root, greeting: "EarlyBird listens on" },
): Promise<Place> => {
  await ensureBuilt();
  const dataDir = await makeTemporaryDirectory();
  const port = await freePort();
  const { PATH, HOME, TMPDIR } = process.env;
  const env = { PATH, HOME, TMPDIR, ...unset, EARLYBIRD_DATA_DIR: dataDir, PORT: String(port) };
  /** What runs, and how all of it is killed. */
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
      said: () => stdout() + stderr(),
      end: async (signal, to = "process") => {
        if (to === "process") child.kill(signal);
        else process.kill(-(child.pid as number), signal);
        const [exitStatus] = await closed;
        running.delete(server);
        return exitStatus;
      },
    };
    running.set(server, killAll);
    while (!server.said().includes(service.greeting)) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`the server ended before it listened: ${server.said()}`);
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
    startBy: async (...command) => {
      const child = spawnCommand(command, { detached: true });
      return untilListening(child, () => process.kill(-(child.pid as number), "SIGKILL"));
    },
    remove: async () => {
      for (const [server, killAll] of [...running]) {
        const stubborn = setTimeout(killAll, endsWithinMs);
        await server.end("SIGTERM");
        clearTimeout(stubborn);
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
