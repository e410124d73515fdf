import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import type { Slot } from "../traffic/traffic-switch.ts";
import { signal, spawnSlot, stopProcess } from "./launch.ts";
import { LogRelay } from "./log-relay.ts";
import { isAlive, type Launch, logPath, readProcess, type SlotProcess } from "./records.ts";

const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
/** After a slot ran this long, the next restart comes after the first pause again. */
const stableAfterMs = 60_000;

export interface WatchedSlotOptions {
  dataDir: string;
  slot: Slot;
  /** The public URL, for the greeting of a service. */
  url: string;
  /** Receives the output of the slot. */
  write: (chunk: Buffer) => void;
}

/** The process of a slot, as a front knows it: adopted from its record, or started as a child. */
export class WatchedSlot {
  readonly #relay: LogRelay;
  #process: SlotProcess | undefined;
  #child: ChildProcess | undefined;
  #startedMs = performance.now();
  #pauseMs = firstPauseMs;
  #restartAtMs: number | undefined;

  constructor(private readonly options: WatchedSlotOptions) {
    this.#relay = new LogRelay(logPath(options.dataDir, options.slot), options.write);
  }

  /** Reads what the process tells; undefined if none runs, or it has not written anything. */
  async look(): Promise<SlotProcess | undefined> {
    const { dataDir, slot } = this.options;
    this.#process = await readProcess(dataDir, slot);
    return this.#process;
  }

  /** Whether a process runs, a starting one included. */
  get isUp(): boolean {
    const isStarting = this.#child && this.#child.exitCode === null && this.#child.signalCode === null;
    return isStarting || (this.#process !== undefined && isAlive(this.#process.owner));
  }

  /** The exit status of the child; undefined if it runs or was adopted. */
  get exitStatus(): number | undefined {
    const { exitCode, signalCode } = this.#child ?? {};
    if (signalCode) return 128 + constants.signals[signalCode];
    return exitCode ?? undefined;
  }

  start(launch: Launch): void {
    const { dataDir, slot, url } = this.options;
    this.#child = spawnSlot(dataDir, slot, launch, url);
    // A program that does not exist has no exit status; it counts as ended.
    this.#child.once("error", () => {
      this.#child = undefined;
    });
    this.#startedMs = performance.now();
    this.#restartAtMs = undefined;
  }

  /**
   * Called while no process runs. The first call schedules the restart.
   *
   * @returns the pause if it was scheduled now, `due` if it is time
   */
  restartIn(): number | "due" | "waiting" {
    const nowMs = performance.now();
    if (this.#restartAtMs !== undefined) return nowMs < this.#restartAtMs ? "waiting" : "due";
    if (nowMs - this.#startedMs > stableAfterMs) this.#pauseMs = firstPauseMs;
    const pauseMs = this.#pauseMs;
    this.#restartAtMs = nowMs + pauseMs;
    this.#pauseMs = Math.min(pauseMs * 2, longestPauseMs);
    return pauseMs;
  }

  /** Ends the process and waits for it. */
  async stop(): Promise<void> {
    await this.look();
    if (this.#process) await stopProcess(this.#process.owner);
    else this.#child?.kill("SIGKILL");
    this.close();
  }

  kill(): void {
    if (this.#process) signal(this.#process.owner, "SIGKILL");
    else this.#child?.kill("SIGKILL");
  }

  /** Leaves the process alone. */
  close(): void {
    this.#relay.close();
  }
}
