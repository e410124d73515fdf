import { constants } from "node:os";
import type { Clock } from "../core/clock.ts";

/**
 * The same request may come twice: a terminal and many process managers signal the whole process group, and npm
 * forwards the signals that it receives.
 */
const sameRequestMs = 2_000;
const lookEveryMs = 250;

/** Read at the very start: while the database is opened the shell may die. */
const shell = process.ppid;

/**
 * Resolves at the first SIGINT or SIGTERM. One that comes more than two seconds later ends the process at once, with
 * the exit status of a process that the signal ended.
 *
 * Under npx and `npm start`, the death of the parent counts as the signal, too: npm runs a command in a shell, and
 * some shells, such as dash, die from a signal without forwarding it.
 */
export const stopSignal = (clock: Clock): Promise<void> =>
  new Promise((resolve) => {
    let firstMs: number | undefined;
    const stop = () => {
      firstMs ??= clock.monotonicMs();
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.on(signal, () => {
        if (firstMs !== undefined && clock.monotonicMs() - firstMs > sameRequestMs)
          process.exit(128 + constants.signals[signal]);
        stop();
      });
    }
    if (!isRunByNpm()) return;
    setInterval(() => {
      if (process.ppid !== shell) stop();
    }, lookEveryMs).unref();
  });

/** Other scripts are left out: they may start the server in the background and end. */
const isRunByNpm = (): boolean => ["exec", "start"].includes(process.env.npm_command ?? "");
