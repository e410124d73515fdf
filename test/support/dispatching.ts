import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Attempt,
  type Channel,
  type DispatcherOptions,
  NotificationDispatcher,
  type SendResult,
} from "@earlybird-ops/platform/alerts";
import { vi } from "vitest";
import { logLines } from "./log-lines.ts";

/** The time at the start of a test. */
export const startedMs = Date.parse("2026-01-05T04:00:00Z");

export const later = { result: "try_again", reason: "busy" } as const;
export const refused = { result: "refused", reason: "no such webhook" } as const;

/** A channel that answers from a script, and then accepts; it records the ids of the notifications. */
export const scripted = (name: string, ...script: (SendResult | Error)[]) => {
  const sent: string[] = [];
  const send: Channel["send"] = async ({ id }) => {
    sent.push(id);
    const answer = script.shift() ?? { result: "accepted", answer: "ok" };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { name, send, sent };
};

/** A channel that answers all waiting sends when the test says so. */
export const holding = (name: string) => {
  const asked: ((result: SendResult) => void)[] = [];
  const send = () => new Promise<SendResult>((resolve) => asked.push(resolve));
  const answer = (result: SendResult) => {
    for (const resolve of asked.splice(0)) resolve(result);
  };
  return { name, send, asked, answer };
};

/**
 * Dispatchers that share a spool in a temporary directory, one after the other or at once, with fake timers and without
 * randomness.
 */
export const openDispatching = async () => {
  vi.useFakeTimers({
    now: startedMs,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  vi.spyOn(Math, "random").mockReturnValue(0);
  const home = await mkdtemp(join(tmpdir(), "earlybird-dispatcher-"));
  const spoolDir = join(home, "spool");
  const { log, lines } = logLines();
  const attempts: Attempt[] = [];
  const running: NotificationDispatcher[] = [];
  return {
    home,
    spoolDir,
    /** The lines of the log. */
    lines,
    /** Of all dispatchers, in the order in which they ended. */
    attempts,
    dispatcherOf: (channels: Channel[], options: Partial<DispatcherOptions> = {}) => {
      const dispatcher = new NotificationDispatcher({ channels, spoolDir, log, ...options });
      dispatcher.onAttempt((attempt) => attempts.push(attempt));
      running.push(dispatcher);
      return dispatcher;
    },
    /** The names of the entries on disk. */
    entries: async () => (await readdir(spoolDir)).filter((name) => name.endsWith(".json")),
    /** The attempts of one channel. */
    of: (channel: string) => attempts.filter((attempt) => attempt.channel === channel),
    close: async () => {
      vi.useRealTimers();
      vi.restoreAllMocks();
      await Promise.all(running.map((dispatcher) => dispatcher.stop(0)));
      await rm(home, { recursive: true });
    },
  };
};

/** How many notifications wait, for any channel. */
export const waitingFor = (dispatcher: NotificationDispatcher): number =>
  dispatcher.channels().reduce((sum, { waiting }) => sum + waiting, 0);

export const stateOf = (dispatcher: NotificationDispatcher, name: string) =>
  dispatcher.channels().find(({ channel }) => channel === name);
