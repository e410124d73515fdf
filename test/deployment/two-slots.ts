import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { get } from "node:http";
import { prepareSockets } from "../../ops/src/deployment/front/index.ts";
import type { Slot } from "../../ops/src/deployment/index.ts";

/** Answers on a unix socket; of ten requests to `/`, some fail, and `/slow` takes a second. */
const program = `
  const [socketPath, failing] = process.argv.slice(1);
  let requests = 0;
  require("node:http").createServer((request, response) => {
    const fails = request.url === "/" && requests++ % 10 < Number(failing);
    setTimeout(() => response.writeHead(fails ? 500 : 200).end(), request.url === "/slow" ? 1000 : 0);
  }).listen(socketPath, () => process.stdout.write("listening"));`;

/** A slot as small as one can be: a process with an HTTP server. */
export interface RunningSlot {
  /** Null if the process runs; else why it has ended. */
  isUp: () => Promise<string | null>;
  isReady: () => Promise<boolean>;
  kill: (signal?: NodeJS.Signals) => Promise<void>;
}

/** @param failing how many of ten requests fail */
export const startSlot = async (dataDir: string, slot: Slot, failing = 0): Promise<RunningSlot> => {
  const socketPath = (await prepareSockets(dataDir)).slot(slot);
  const child: ChildProcess = spawn(process.execPath, ["-e", program, socketPath, String(failing)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  if (child.stdout) await once(child.stdout, "data");
  const isRunning = () => child.exitCode === null && child.signalCode === null;
  return {
    isUp: async () => (isRunning() ? null : `signal ${child.signalCode}, status ${child.exitCode}`),
    isReady: () =>
      new Promise((resolve) => {
        get({ socketPath, path: "/readyz", agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode === 200);
        }).once("error", () => resolve(false));
      }),
    kill: async (signal = "SIGKILL") => {
      if (!isRunning()) return;
      const ended = once(child, "exit");
      child.kill(signal);
      await ended;
    },
  };
};

/** Requests of clients of their own, one after the other. */
export const sendRequests = async (
  url: string,
  requests: number,
  client: (number: number) => string = (number) => `client-${number}`,
): Promise<number[]> => {
  const statuses: number[] = [];
  for (let number = 0; number < requests; number++) {
    const { status } = await fetch(url, { headers: { authorization: `Bearer ${client(number)}` } });
    statuses.push(status);
  }
  return statuses;
};
