import { defineFailure } from "../core/failure.ts";
import type { Logger } from "../core/logger.ts";
import {
  type FrontOptions,
  FrontSwitch,
  findAddress,
  portTaken,
  prepareSockets,
  type RunningFront,
  startFront,
} from "./front/index.ts";
import { type Launch, readLaunch, readProcess, Supervisor, writeLaunch } from "./slots/index.ts";
import { DivisionFile, slots } from "./traffic/index.ts";

const frontRuns = defineFailure({
  code: "EB_FRONT_RUNS",
  status: 409,
  exitStatus: 5,
  detail: "Process {pid} already serves this data directory at {url}.",
  remedy: "Stop it, set EARLYBIRD_DATA_DIR to another directory, or start one more instance with --direct.",
});

export interface FrontRequest extends Pick<FrontOptions, "dataDir" | "host" | "port" | "trustProxy"> {
  /** The program of a slot, if none is on disk. */
  launch: Launch;
  log: Logger;
  /** Prints a line for people. */
  print: (text: string) => void;
  /** Receives the output of the slots. */
  write: (chunk: Buffer) => void;
  /** Resolves when the user stops the front. */
  stopped: Promise<void>;
}

/**
 * Runs the front and its slots until the user stops it.
 *
 * @returns the exit status: 0, or that of a slot that could not start
 * @throws Failure EB_FRONT_RUNS, EB_PORT_TAKEN, EB_HOST_NOT_OURS, EB_SOCKET_DIRECTORY
 */
export const runFront = async (request: FrontRequest): Promise<number> => {
  const { dataDir, log, print, write, stopped } = request;
  await prepareSockets(dataDir);
  await requireNoFront(request);
  const { url, port } = await findAddress(request);
  const supervisor = new Supervisor({ dataDir, url, log, write });
  const slot = await slotOfTraffic(dataDir);
  // A slot that runs keeps its program; otherwise today's program starts.
  if (!(await readProcess(dataDir, slot)) || !(await readLaunch(dataDir, slot))) {
    await writeLaunch(dataDir, slot, request.launch);
  }
  let isStopping = false;
  process.once("exit", () => {
    if (isStopping) supervisor.kill();
  });
  const asked = stopped.then(() => {
    isStopping = true;
    print("Stopping");
  });
  const started = await Promise.race([supervisor.start(slot), asked]);
  let front: RunningFront | undefined;
  if (started) {
    if (started.state === "ended") {
      await writeLaunch(dataDir, slot, undefined);
      return started.exitStatus;
    }
    const { ready } = started.process;
    if (started.isAdopted) log.info({ slot, pid: started.process.owner.pid }, "adopted the running slot");
    if (ready?.isFronted) front = await startFront({ ...request, port });
    supervisor.watch();
    print(ready?.greeting.replaceAll(ready.url, url) ?? "");
    await asked;
  }
  await front?.stop();
  for (const each of slots) await writeLaunch(dataDir, each, undefined);
  await supervisor.stop();
  isStopping = false;
  return 0;
};

/** One front a data directory: two would set the same weights. */
const requireNoFront = async ({ dataDir, port }: FrontRequest): Promise<void> => {
  const state = await new FrontSwitch(dataDir, "").state().catch(() => undefined);
  if (state === undefined) return;
  if (new URL(state.url).port === String(port)) throw portTaken({ port });
  throw frontRuns({ pid: state.pid, url: state.url });
};

/** The slot that serves most clients. */
const slotOfTraffic = async (dataDir: string) => {
  const { weights } = (await DivisionFile.open(dataDir)).current;
  return weights.green > weights.blue ? "green" : "blue";
};
