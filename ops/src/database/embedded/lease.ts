import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Failure } from "../../core/failure.ts";
import { keeperDirectoryOf, logFileOf, openLog } from "./data-directory.ts";
import { keeperBroken, keeperSilent } from "./failures.ts";
import { type Answer, greeting } from "./protocol.ts";
import { latestPublication } from "./publication.ts";

const pollMs = 10;
const answerWithinMs = 90_000;
const downWithinMs = 15_000;

/** The right to use an embedded server, and the reason why it runs. */
export interface Lease {
  readonly port: number;
  readonly cluster: string;
  readonly joined: boolean;
  /** Gives it back. The last one to do so waits until the server is down. */
  release(): Promise<void>;
}

/**
 * Takes a lease on the server of a data directory. A keeper is started when none answers.
 *
 * @param dataDir as `prepareDataDirectory` answered it
 * @param onLost called when the keeper ends before the lease is released
 * @throws Failure what kept the server from starting; EB_DATABASE_START when nothing is heard in 90 s
 */
export const takeLease = async (dataDir: string, onLost: () => void): Promise<Lease> => {
  const giveUp = performance.now() + answerWithinMs;
  let keeper: ChildProcess | undefined;
  while (performance.now() < giveUp) {
    const publication = await latestPublication(keeperDirectoryOf(dataDir));
    const socket = publication && (await reach(publication.address));
    const answer = socket && (await ask(socket, giveUp - performance.now()));
    if (answer?.state === "failed") throw failureOf(answer);
    if (answer) return leaseOf(socket as Socket, answer, onLost);
    if (keeper?.exitCode) throw keeperBroken(keeper.exitCode, logFileOf(dataDir));
    // There is none, or it ended while we asked, or ours found another one that was quicker.
    const over = !keeper || keeper.exitCode !== null || keeper.signalCode !== null;
    if (over) keeper = await startKeeper(dataDir, publication?.generation ?? 0);
    await sleep(pollMs);
  }
  throw keeperSilent(answerWithinMs, logFileOf(dataDir));
};

const reach = (address: string): Promise<Socket | undefined> =>
  new Promise((resolve) => {
    const socket = connect(address);
    socket.once("connect", () => resolve(socket));
    socket.once("error", () => resolve(undefined));
  });

/** Undefined when the keeper ends before it answers, or is silent for too long. */
const ask = (socket: Socket, withinMs: number): Promise<Answer | undefined> =>
  new Promise((resolve) => {
    const timer = setTimeout(() => socket.destroy(), withinMs);
    let heard = "";
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    socket.once("close", () => {
      clearTimeout(timer);
      resolve(undefined);
    });
    socket.on("data", (text: string) => {
      heard += text;
      if (!heard.endsWith("\n")) return;
      clearTimeout(timer);
      resolve(JSON.parse(heard) as Answer);
    });
    socket.write(greeting);
  });

const leaseOf = (socket: Socket, { port, cluster, joined }: Ready, onLost: () => void): Lease => {
  let released = false;
  const closed = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    socket.once("close", resolve);
  });
  void closed.then(() => {
    if (!released) onLost();
  });
  // A process that has nothing else to do ends, and its lease with it.
  socket.unref();
  return {
    port,
    cluster,
    joined,
    release: async () => {
      released = true;
      socket.ref();
      socket.end();
      await Promise.race([closed, sleep(downWithinMs, undefined, { ref: false })]);
      socket.destroy();
    },
  };
};

type Ready = Extract<Answer, { state: "ready" }>;
type Failed = Extract<Answer, { state: "failed" }>;

const failureOf = ({ code, status, detail, remedy }: Failed) => new Failure(code, status, detail, remedy);

/** Detached and without our output: it outlives us, and Ctrl-C in our terminal is not for it. */
const startKeeper = async (dataDir: string, after: number): Promise<ChildProcess> => {
  const isSource = import.meta.url.endsWith(".ts");
  const program = fileURLToPath(new URL(isSource ? "./keeper.ts" : "./keeper.js", import.meta.url));
  const loader = isSource ? ["--import", import.meta.resolve("tsx")] : [];
  const log = await openLog(dataDir);
  try {
    const keeper = spawn(process.execPath, [...loader, program, dataDir, String(after)], {
      cwd: "/",
      detached: true,
      windowsHide: true,
      stdio: ["ignore", log.fd, log.fd],
    });
    await once(keeper, "spawn");
    keeper.unref();
    return keeper;
  } finally {
    await log.close();
  }
};
