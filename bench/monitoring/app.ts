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
    execArgv: ["--import", "tsx", "--min-semi-space-size=16", "--max-semi-space-size=16"],
  });
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  return {
    port,
    pid: child.pid ?? 0,
    cpuMicroseconds: async () => {
      child.send("cpu?");
      const [{ cpu }] = (await once(child, "message")) as [{ cpu: NodeJS.CpuUsage }];
      return cpu.user + cpu.system;
    },
    stop: async () => {
      child.disconnect();
      await once(child, "exit");
    },
  };
};
