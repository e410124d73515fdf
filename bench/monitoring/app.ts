import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

export const watchers = ["earlybird", "fastify-metrics", "OpenTelemetry", "swagger-stats"] as const;
export type Watcher = (typeof watchers)[number];

/** The small app in a separate process, with the built platform. */
export interface App {
  port: number;
  pid: number;
  /** CPU time since the start, in microseconds. */
  cpuMicroseconds(): Promise<number>;
  /** Runs several full garbage collections, as V8 does over time. */
  collectGarbage(): Promise<void>;
  stop(): Promise<void>;
}

/** @param options.alerts number of alerts to raise before it listens */
export const startApp = async (
  watcher: Watcher | "nobody",
  databaseUrl: string,
  { alerts = 0 }: { alerts?: number } = {},
): Promise<App> => {
  const program = fileURLToPath(new URL("./app-program.ts", import.meta.url));
  const child: ChildProcess = fork(program, [watcher, databaseUrl, String(alerts)], {
    // A fixed semi-space: V8 would give an app that retains more objects more space, which makes it faster.
    execArgv: ["--import", "tsx", "--expose-gc", "--min-semi-space-size=16", "--max-semi-space-size=16"],
  });
  /** The app responds with its CPU time. */
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
