import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../core/logger.ts";
import { DivisionFile, type DivisionRequest } from "./division-file.ts";
import { slotHasTraffic } from "./failures.ts";
import { sessionsOf, setWeight, weightOf } from "./haproxy-socket.ts";
import {
  fullWeight,
  type OpenWork,
  otherSlot,
  type Slot,
  slots,
  type TrafficSwitch,
  type Weights,
} from "./traffic-switch.ts";

const highestWeight = 256;
const reassertEveryMs = 1_000;
const lookEveryMs = 50;

export interface HaproxySwitchOptions {
  /** Keeps the last weights and their epoch. */
  dataDir: string;
  /** The release that moves the weights. */
  release: string;
  /** The runtime socket, `stats socket <path> level admin` in the configuration. */
  socketPath: string;
  /** The server of each slot, as `backend/server`. */
  servers: Readonly<Record<Slot, string>>;
  log: Pick<Logger, "warn" | "error">;
}

/** HAProxy, controlled over its runtime socket. Its weights are in 256ths: 1 % of the clients is 3 of 256. */
export class HaproxySwitch implements TrafficSwitch {
  constructor(private readonly options: HaproxySwitchOptions) {}

  async read(): Promise<{ weights: Weights; verified: boolean }> {
    const { weights } = await this.#division();
    const found = await this.#weights();
    // 256ths do not give the share back exactly.
    if (slots.every((slot) => found[slot] === weightFor(weights[slot]))) return { weights, verified: true };
    const green = Math.round((found.green / Math.max(found.blue + found.green, 1)) * fullWeight);
    return { weights: { blue: fullWeight - green, green }, verified: true };
  }

  async set(weights: Weights, epoch: number): Promise<void> {
    const file = await DivisionFile.open(this.options.dataDir);
    const division = { weights, epoch, release: this.options.release };
    await file.set(division);
    await this.#raiseThenLower(division);
  }

  async drain(slot: Slot, deadlineMs: number): Promise<OpenWork> {
    const { socketPath, servers } = this.options;
    const startedMs = performance.now();
    const weight = await weightOf(socketPath, servers[slot]);
    if (weight > 0) throw slotHasTraffic({ slot, weight });
    for (;;) {
      const sessions = await sessionsOf(socketPath, servers[slot]);
      if (sessions === 0 || performance.now() - startedMs > deadlineMs)
        return { inFlight: sessions, streams: 0 };
      await sleep(lookEveryMs);
    }
  }

  /** A reload or a restart of HAProxy brings back the weights of its configuration. */
  watch(): () => void {
    let turn = Promise.resolve();
    let isAway = false;
    const { log } = this.options;
    const look = async () => {
      try {
        await this.#reassert();
        isAway = false;
      } catch (err) {
        if (!isAway) log.error({ err }, "the weights of HAProxy cannot be verified");
        isAway = true;
      }
    };
    const timer = setInterval(() => {
      turn = turn.then(look);
    }, reassertEveryMs);
    return () => clearInterval(timer);
  }

  /** Both at 0, for however short a time, would answer 503. */
  async #raiseThenLower({ weights }: DivisionRequest): Promise<void> {
    const { socketPath, servers } = this.options;
    const found = await this.#weights();
    const raised = slots.find((slot) => weightFor(weights[slot]) > found[slot]) ?? "blue";
    for (const slot of [raised, otherSlot(raised)]) {
      await setWeight(socketPath, servers[slot], weightFor(weights[slot]));
    }
  }

  async #reassert(): Promise<void> {
    // Weights first: a change writes the division before its weights.
    const found = await this.#weights();
    let division = await this.#division();
    if (slots.every((slot) => found[slot] === weightFor(division.weights[slot]))) return;
    for (;;) {
      await this.#raiseThenLower(division);
      const latest = await this.#division();
      // A release changed them meanwhile, and its weights may have been overwritten.
      if (latest.epoch === division.epoch) break;
      division = latest;
    }
    const { weights } = division;
    this.options.log.warn({ found, weights }, "HAProxy had other weights; they are set again");
  }

  async #weights(): Promise<Weights> {
    const { socketPath, servers } = this.options;
    const [blue, green] = await Promise.all(slots.map((slot) => weightOf(socketPath, servers[slot])));
    return { blue: blue ?? 0, green: green ?? 0 };
  }

  /** Read each time: another process may have moved the weights. */
  async #division(): Promise<DivisionRequest> {
    return (await DivisionFile.open(this.options.dataDir)).current;
  }
}

/** Rounded, but a share above 0 is not 0. */
const weightFor = (share: number): number =>
  share === 0 ? 0 : Math.max(Math.round((share / fullWeight) * highestWeight), 1);
