import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { secretSettings, settingsReference } from "../../ops/src/lib/settings.ts";
import { root } from "../repository/imports.ts";
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
  /** Sends a signal and waits for the end; answers with the exit status, null after `SIGKILL`. */
  end: (signal: "SIGINT" | "SIGTERM" | "SIGKILL") => Promise<number | null>;
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
  const running = new Set<Server>();
  const spawnProgram = (args: readonly string[], more: NodeJS.ProcessEnv) =>
    spawn(process.execPath, [program, ...args], {
      cwd: service.folder,
      env: { ...env, ...more },
      stdio: ["ignore", "pipe", "pipe"],
    });
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
    start: async (more = {}) => {
      const child = spawnProgram(["start"], more);
      const [stdout, stderr] = [collect(child.stdout), collect(child.stderr)];
      const closed = once(child, "close");
      const server: Server = {
        process: child,
        said: () => stdout() + stderr(),
        end: async (signal) => {
          child.kill(signal);
          const [exitStatus] = await closed;
          running.delete(server);
          return exitStatus;
        },
      };
      running.add(server);
      while (!server.said().includes(service.greeting)) {
        if (child.exitCode !== null || child.signalCode !== null)
          throw new Error(`the server ended before it listened: ${server.said()}`);
        await sleep(20);
      }
      return server;
    },
    remove: async () => {
      for (const server of [...running]) {
        const stubborn = setTimeout(() => server.process.kill("SIGKILL"), endsWithinMs);
        await server.end("SIGTERM");
        clearTimeout(stubborn);
      }
      // The database of a server that was killed takes a moment to notice.
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
