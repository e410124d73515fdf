import type { ChildProcess } from "node:child_process";
import { join } from "node:path";
import { systemClock } from "../core/clock.ts";
import { defineFailure } from "../core/failure.ts";
import type { Logger } from "../core/logger.ts";
import {
  type FrontOptions,
  FrontSwitch,
  findAddress,
  type ListeningHandle,
  portTaken,
  prepareSockets,
  type RunningFront,
  startFront,
} from "./front/index.ts";
import { attendRelease, dismissConductor } from "./release/attend-release.ts";
import { type Lease, takeLease } from "./release/lease.ts";
import { programsOfRelease } from "./release/programs-of-release.ts";
import { exitStatusOf, startSuccessor, tellServing } from "./renewal.ts";
import { type Launch, readLaunch, readProcess, Supervisor, writeLaunch } from "./slots/index.ts";
import { DivisionFile, slots, type TrafficSwitch } from "./traffic/index.ts";

const frontRuns = defineFailure({
  code: "EB_FRONT_RUNS",
  status: 409,
  exitStatus: 5,
  detail: "Process {pid} already serves this data directory at {url}.",
  remedy: "Stop it, set EARLYBIRD_DATA_DIR to another directory, or start one more instance with --direct.",
});

/** Clients that keep their connection open get a last response on it. */
const lastRequestsMs = 5_000;

export interface FrontRequest extends Pick<FrontOptions, "dataDir" | "host" | "port" | "trustProxy"> {
  /** The listening sockets of the front that this one follows. */
  handles?: readonly ListeningHandle[] | undefined;
  /** The program of a slot, unless a release says another one. */
  launch: Launch;
  /** The file `.env` of the project. */
  envFile: string;
  log: Logger;
  /** Prints a line for people. */
  print: (text: string) => void;
  /**
   * Another program divides the traffic between the sockets of the slots, such as HAProxy: this process runs the slots,
   * watches the weights, and listens nowhere.
   */
  dividedBy?: Pick<TrafficSwitch, "watch"> | undefined;
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
  const { handles, dividedBy } = request;
  if (!handles) await requireNoFront(request);
  const lease = dividedBy && (await leaseOfSlots(request));
  const { url, port } = handles || dividedBy ? addressOf(request) : await findAddress(request);
  const supervisor = new Supervisor({ dataDir, url, log, write });
  const slot = await slotOfTraffic(dataDir);
  const programs = await programsOfRelease(dataDir, request.envFile);
  // A slot that runs keeps its program; otherwise that of the release starts, or today's.
  if (!(await readProcess(dataDir, slot)) || !(await readLaunch(dataDir, slot))) {
    await writeLaunch(dataDir, slot, programs.launchFor(slot, request.launch));
  }
  if (programs.note) print(programs.note);
  let isStopping = false;
  process.once("exit", () => {
    if (isStopping) supervisor.kill();
  });
  let successor: ChildProcess | undefined;
  let handedOver: () => void = () => undefined;
  const renewed = new Promise<void>((resolve) => {
    handedOver = resolve;
  });
  const asked = stopped.then(() => {
    if (successor) return void successor.kill("SIGTERM");
    isStopping = true;
    print("Stopping");
  });
  const handOver: FrontOptions["handOver"] = async (program, sockets) => {
    await supervisor.pause();
    try {
      successor = await startSuccessor(program, sockets);
      handedOver();
    } catch (error) {
      supervisor.watch();
      throw error;
    }
  };
  const versionsOf: FrontOptions["versionsOf"] = async (each) => {
    const found = await readProcess(dataDir, each);
    return found?.ready && { pid: found.owner.pid, versions: found.ready.apiVersions ?? [] };
  };
  const endWatch = dividedBy?.watch?.();
  const started = await Promise.race([supervisor.start(slot), asked]);
  let front: RunningFront | undefined;
  let unattend: () => Promise<void> = async () => undefined;
  if (started) {
    if (started.state === "ended") {
      endWatch?.();
      await lease?.release();
      await writeLaunch(dataDir, slot, undefined);
      return started.exitStatus;
    }
    const { ready } = started.process;
    if (started.isAdopted) log.info({ slot, pid: started.process.owner.pid }, "adopted the running slot");
    if (ready?.isFronted && !dividedBy) front = await startFront({ ...request, port, handOver, versionsOf });
    supervisor.watch();
    unattend = attendRelease({ dataDir, envFile: request.envFile }, log);
    if (handles) tellServing();
    else print(ready?.greeting.replaceAll(ready.url, url) ?? "");
    await Promise.race([asked, renewed]);
  }
  endWatch?.();
  await unattend();
  if (successor) {
    await Promise.all([front?.stop(lastRequestsMs), supervisor.release()]);
    return exitStatusOf(successor);
  }
  // An open release continues with both slots after the next start.
  const { isOpen } = await programsOfRelease(dataDir, request.envFile);
  if (isOpen) await dismissConductor(dataDir);
  await front?.stop();
  if (!isOpen) for (const each of slots) await writeLaunch(dataDir, each, undefined);
  await supervisor.stop();
  await lease?.release();
  isStopping = false;
  return 0;
};

const addressOf = ({ host, port }: FrontRequest) => ({ url: `http://${host}:${port}`, port });

/** One front a data directory: two would set the same weights. */
const requireNoFront = async ({ dataDir, port }: FrontRequest): Promise<void> => {
  const state = await new FrontSwitch(dataDir, "").state().catch(() => undefined);
  if (state === undefined) return;
  if (new URL(state.url).port === String(port)) throw portTaken({ port });
  throw frontRuns({ pid: state.pid, url: state.url });
};

/** One process runs the slots; without a front, a lease says which. */
const leaseOfSlots = async (request: FrontRequest): Promise<Lease> => {
  const lease = await takeLease(join(request.dataDir, "slots"), systemClock);
  if ("heldBy" in lease) throw frontRuns({ pid: lease.heldBy.pid, url: addressOf(request).url });
  return lease;
};

/** The slot that serves most clients. */
const slotOfTraffic = async (dataDir: string) => {
  const { weights } = (await DivisionFile.open(dataDir)).current;
  return weights.green > weights.blue ? "green" : "blue";
};
