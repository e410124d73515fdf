import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

/** Another process that uses the embedded database of a data directory. */
export interface DatabaseProcess {
  readonly port: number;
  readonly joined: boolean;
  query(sql: string): Promise<unknown>;
  /** Lets it close the database and end. */
  close(): Promise<void>;
  /** What Ctrl-C in its terminal does: an interrupt for its whole process group. */
  interruptGroup(): void;
  /** `kill -9`. */
  kill(): Promise<void>;
}

const program = fileURLToPath(new URL("./database-program.ts", import.meta.url));

/**
 * Starts such a process and waits until it has the database.
 *
 * @param code whether it runs our source, or what was built from it
 */
export const startDatabaseProcess = async (
  dataDir: string,
  code: "source" | "built" = "source",
): Promise<DatabaseProcess> => {
  const conditions = code === "source" ? ["--conditions=source"] : [];
  const child = spawn(process.execPath, [...conditions, "--import", "tsx", program, dataDir], {
    stdio: ["pipe", "pipe", "inherit"],
    detached: true,
  });
  const exited = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const hear = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    if (done) throw new Error("the process ended without a word");
    const said = JSON.parse(value);
    if (said.failure) throw new Error(JSON.stringify(said.failure));
    return said;
  };
  const ask = (line: string): Promise<unknown> => {
    child.stdin.write(`${line}\n`);
    return hear();
  };
  const started = (await hear()) as { url: string; joined: boolean };
  return {
    port: Number(new URL(started.url).port),
    joined: started.joined,
    query: (sql) => ask(JSON.stringify(sql)),
    close: async () => {
      await ask("close");
      await exited;
    },
    interruptGroup: () => process.kill(-(child.pid as number), "SIGINT"),
    kill: async () => {
      child.kill("SIGKILL");
      await exited;
    },
  };
};

/** The pid of the server. */
export const serverPid = async (dataDir: string): Promise<number> =>
  Number((await readFile(join(dataDir, "postgres", "postmaster.pid"), "utf8")).split("\n")[0]);

/** Whether anybody accepts connections at a port of this machine, or at a socket. */
export const listens = (place: number | string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = typeof place === "number" ? connect(place, "127.0.0.1") : connect(place);
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });

/** Waits until a condition holds; the answer is whether it did in time. */
export const within = async (limitMs: number, condition: () => Promise<boolean>): Promise<boolean> => {
  const giveUp = performance.now() + limitMs;
  while (performance.now() < giveUp) {
    if (await condition()) return true;
    await sleep(20);
  }
  return false;
};
