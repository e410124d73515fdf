import { randomBytes } from "node:crypto";
import { availableParallelism } from "node:os";
import { tooManyRequests } from "@earlybird-ops/platform";
import { Piscina } from "piscina";

/** How many passwords may wait for a worker: at 10 to 50 ms each, the last one waits about a second. */
export const longestQueue = 40;
const retryAfterSeconds = 2;

let started: Piscina | undefined;

/**
 * The threads that hash passwords. The library's asynchronous calls use the libuv threads, which also serve the file system,
 * DNS and TLS: a flood of logins would block alerts and database connections.
 */
const workers = (): Piscina => {
  if (started) return started;
  // With more than one processor, keep one free for other requests.
  const threads = Math.min(2, Math.max(1, availableParallelism() - 1));
  started = new Piscina({
    filename: new URL("./password-worker.js", import.meta.url).href,
    minThreads: threads,
    maxThreads: threads,
    maxQueue: longestQueue,
    execArgv: [],
    // On other systems than Linux the priority applies to the whole process.
    niceIncrement: process.platform === "linux" ? 5 : 0,
  });
  // An idle worker that dies is replaced; without a listener its error would end the process.
  started.on("error", () => {});
  return started;
};

const run = async <T>(name: "hash" | "verify", task: object): Promise<T> => {
  const pool = workers();
  if (pool.queueSize >= longestQueue) throw tooManyRequests(retryAfterSeconds);
  return pool.run(task, { name });
};

/**
 * Hashes a password for storage.
 *
 * @throws Failure EB_TOO_MANY_REQUESTS when the queue is full
 */
export const hashPassword = (password: string): Promise<string> => run("hash", { password });

let decoy: Promise<string> | undefined;

/**
 * Whether the password matches the hash. Without a hash (an unknown email) it does the same work and returns false, so that
 * the response time does not reveal which emails exist.
 *
 * @throws Failure EB_TOO_MANY_REQUESTS when the queue is full
 */
export const verifyPassword = async (
  passwordHash: string | undefined,
  password: string,
): Promise<boolean> => {
  const matches = await run<boolean>("verify", {
    passwordHash: passwordHash ?? (await decoyHash()),
    password,
  });
  return matches && passwordHash !== undefined;
};

/** Made once; where that failed, the next login tries again. */
const decoyHash = (): Promise<string> => {
  decoy ??= run<string>("hash", { password: randomBytes(32) }).catch((error: unknown) => {
    decoy = undefined;
    throw error;
  });
  return decoy;
};
