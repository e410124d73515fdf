import { Command, Option } from "commander";
import { systemClock } from "../../core/clock.ts";
import type { Slot } from "../../deployment/index.ts";
import { envFileOf, readEnvironment } from "../context.ts";
import { printStatus } from "../output.ts";
import { findRoot } from "../service-file.ts";
import { stopSignal } from "../stop-signal.ts";

const parentEveryMs = 250;

interface StartOptions {
  direct?: boolean;
  keepSteps?: boolean;
  rehearsal?: boolean;
  slot?: Slot;
  successor?: boolean;
  url?: string;
}

export const startCommand = () =>
  new Command("start")
    .description("prepare the database, apply pending changes and start the server; stop with Ctrl-C")
    .option("--direct", "one process without front and slots, for containers")
    .addOption(new Option("--keep-steps").hideHelp())
    .addOption(
      new Option("--rehearsal", "with --direct: applies no steps, and ends with its parent").hideHelp(),
    )
    .addOption(new Option("--slot <slot>").choices(["blue", "green"]).hideHelp())
    .addOption(new Option("--successor").hideHelp())
    .addOption(new Option("--url <url>").default("").hideHelp())
    .action((options: StartOptions) => {
      const { direct, keepSteps = false, rehearsal = false, slot, successor = false, url = "" } = options;
      if (slot) return startSlot(slot, url, keepSteps);
      return direct ? startDirect(rehearsal) : startFront(successor);
    });

const startDirect = async (isRehearsal: boolean): Promise<void> => {
  // Also if it hangs: on a copy it has nothing to lose.
  if (isRehearsal) stopWithParent(process.ppid, "SIGKILL");
  const { serveUntilStopped } = await import("../serve.ts");
  await serveUntilStopped({
    keepsSteps: isRehearsal,
    onReady: printStatus,
    onStop: () => printStatus("Stopping"),
  });
};

/** A process behind the front. Its output is a log that the front prints. */
const startSlot = async (slot: Slot, url: string, keepsSteps: boolean): Promise<void> => {
  const { settings, dataDir } = await readEnvironment();
  const front = process.ppid;
  const { occupySlot } = await import("../../deployment/index.ts");
  const isBehindFront = settings.TRAFFIC_SWITCH === "front";
  const { listening, ready } = await occupySlot(dataDir, slot, url, { isBehindFront });
  const { serveUntilStopped } = await import("../serve.ts");
  await serveUntilStopped({
    slot: listening,
    keepsSteps,
    starter: (await import("./release/starter.ts")).releaseStarter,
    onReady: async (greeting, apiVersions) => {
      if (!(await ready(greeting, apiVersions))) stopWithParent(front);
    },
    onStop: () => undefined,
  });
};

/** A service that listens itself would keep the port from the next front; a rehearsal that was killed stops nothing. */
const stopWithParent = (parent: number, signal: NodeJS.Signals = "SIGTERM"): void => {
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    process.kill(process.pid, signal);
  }, parentEveryMs);
  timer.unref();
};

const startFront = async (isSuccessor: boolean): Promise<void> => {
  const { settings, dataDir } = await readEnvironment();
  const root = findRoot(process.cwd());
  const { inheritSockets, runFront } = await import("../../deployment/index.ts");
  const { createLogger } = await import("../../core/logger.ts");
  const { trafficOf } = await import("./release/traffic-of.ts");
  const log = createLogger(settings.LOG_LEVEL);
  // A closed terminal stops the slots, too.
  process.once("SIGHUP", () => process.kill(process.pid, "SIGTERM"));
  const [, program = "", ...given] = process.argv;
  const args = given.filter((arg) => arg !== "--successor");
  process.exitCode = await runFront({
    dataDir,
    host: settings.HOST,
    port: settings.PORT,
    trustProxy: settings.TRUST_PROXY,
    handles: isSuccessor ? await inheritSockets() : undefined,
    launch: {
      command: process.execPath,
      args: [...process.execArgv, program, ...args],
      cwd: root,
    },
    envFile: envFileOf(root),
    dividedBy:
      settings.TRAFFIC_SWITCH === "front" ? undefined : trafficOf(settings, { dataDir, release: "", log }),
    log,
    print: printStatus,
    write: (chunk) => process.stderr.write(chunk),
    stopped: stopSignal(systemClock),
  });
};
