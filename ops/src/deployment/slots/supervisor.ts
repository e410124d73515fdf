import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../core/logger.ts";
import { type Slot, slots } from "../traffic/traffic-switch.ts";
import { rotateLog } from "./log-relay.ts";
import { logPath, readLaunch, readProcess, type SlotProcess } from "./records.ts";
import { WatchedSlot, type WatchedSlotOptions } from "./watched-slot.ts";

const lookEveryMs = 20;
const watchEveryMs = 250;

export interface SupervisorOptions extends Omit<WatchedSlotOptions, "slot"> {
  log: Pick<Logger, "error">;
}

/** A slot that serves, or the exit status of one that could not start. */
export type Started =
  | { state: "ready"; isAdopted: boolean; process: SlotProcess }
  | { state: "ended"; exitStatus: number };

/** Runs the slots that have a launch file: adopts those that run, starts the others, and restarts those that end. */
export class Supervisor {
  readonly #watched = new Map<Slot, WatchedSlot>();
  #isStopping = false;
  #turn: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: SupervisorOptions) {}

  /** Adopts the process of a slot or starts it, and waits until it serves. */
  async start(slot: Slot): Promise<Started> {
    const watched = this.#watch(slot);
    const running = await watched.look();
    const launch = await readLaunch(this.options.dataDir, slot);
    if (!running && launch) watched.start(launch);
    for (;;) {
      const process = await watched.look();
      if (process?.ready) return { state: "ready", isAdopted: running !== undefined, process };
      if (!watched.isUp) {
        this.#forget(slot, watched);
        return { state: "ended", exitStatus: watched.exitStatus ?? 1 };
      }
      await sleep(lookEveryMs);
    }
  }

  /** From now on, restarts slots that end, and starts those that get a launch file. */
  watch(): void {
    this.#timer = setInterval(() => {
      this.#turn = this.#turn.then(() => this.#look());
    }, watchEveryMs);
  }

  /** Restarts nothing until {@link watch} is called again. */
  async pause(): Promise<void> {
    clearInterval(this.#timer);
    await this.#turn;
  }

  /** Leaves the slots to another front. */
  async release(): Promise<void> {
    await this.#endWatch();
    for (const slot of this.#watched.values()) slot.close();
  }

  /** Ends all slots. */
  async stop(): Promise<void> {
    await this.#endWatch();
    await Promise.all(
      slots.map(async (slot) => {
        // One that another front left may not have been seen yet.
        const isLeft = !this.#watched.has(slot) && (await readProcess(this.options.dataDir, slot));
        await (isLeft ? this.#watch(slot) : this.#watched.get(slot))?.stop();
      }),
    );
  }

  /** Ends all slots at once. */
  kill(): void {
    for (const slot of this.#watched.values()) slot.kill();
  }

  async #endWatch(): Promise<void> {
    this.#isStopping = true;
    await this.pause();
  }

  async #look(): Promise<void> {
    for (const slot of slots) {
      if (this.#isStopping) return;
      await this.#lookAt(slot).catch((err: unknown) =>
        this.options.log.error({ err, slot }, "the slot cannot be watched"),
      );
    }
  }

  async #lookAt(slot: Slot): Promise<void> {
    const { dataDir, log } = this.options;
    const launch = await readLaunch(dataDir, slot);
    const known = this.#watched.get(slot);
    if (!known && !launch && !(await readProcess(dataDir, slot))) return;
    const watched = known ?? this.#watch(slot);
    await watched.look();
    if (watched.isUp) return rotateLog(logPath(dataDir, slot));
    // It was stopped on purpose: when a release starts it again, it has not failed.
    if (!launch) return this.#forget(slot, watched);
    // A slot that this front has not seen before was never up.
    if (!known) return watched.start(launch);
    const restart = watched.restartIn();
    if (restart === "due") watched.start(launch);
    else if (restart !== "waiting")
      log.error({ slot, restart_in_ms: restart }, "the slot ended; it is restarted");
  }

  #forget(slot: Slot, watched: WatchedSlot): void {
    watched.close();
    this.#watched.delete(slot);
  }

  #watch(slot: Slot): WatchedSlot {
    const watched = new WatchedSlot({ ...this.options, slot });
    this.#watched.set(slot, watched);
    return watched;
  }
}
