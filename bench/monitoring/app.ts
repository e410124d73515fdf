import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const watchers = ["earlybird", "fastify-metrics", "OpenTelemetry", "swagger-stats"] as const;
export type Watcher = (typeof watchers)[number];

/** The small app in a process of its own, with the platform as it is built. */
export interface App {
  port: number;
  pid: number;
  /** Microseconds of processor time that it has used since it was started. */
  cpuMicroseconds(): Promise<number>;
  /** All of it, several times, as V8 does by itself in the course of time. */
  collectGarbage(): Promise<void>;
  stop(): Promise<void>;
}

/** @param options.alerts how many are raised before it listens */
export const startApp = async (
  watcher: Watcher | "nobody",
  databaseUrl: string,
  { alerts = 0 }: { alerts?: number } = {},
): Promise<App> => {
  const program = fileURLToPath(new URL("./app-program.ts", import.meta.url));
  const child: ChildProcess = fork(program, [watcher, databaseUrl, String(alerts)], {
    // The same room for new objects from the start: an app that keeps more would be given more, and be quicker by it.
    execArgv: ["--import", "tsx", "--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"],
  });
  /** The app answers with the processor time that it has used. */
  const ask = async (message: "cpu?" | "collect"): Promise<NodeJS.CpuUsage> => {
    child.send(message);
    const [{ cpu }] = (await once(child, "message")) as [{ cpu: NodeJS.CpuUsage }];
    return cpu;
  };
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    port,
    pid: child.pid ?? 0,
    cpuMicroseconds: async () => {
      const { user, system } = await ask("cpu?");
      return user + system;
    },
    collectGarbage: async () => {
      await ask("collect");
    },
    stop: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
};
