import type { IncomingMessage } from "node:http";
import { apiVersionHeader } from "../../http/api-version.ts";
import { type Slot, slots, type Weights } from "../traffic/traffic-switch.ts";
import type { Backends } from "./backend.ts";

const readEveryMs = 1_000;

/** The API versions of a slot that serves. */
export interface SlotVersions {
  /** The process of the slot. */
  pid: number;
  versions: readonly string[];
}

/** Reads what a slot tells; undefined if it does not serve. */
export type ReadVersions = (slot: Slot) => Promise<SlotVersions | undefined>;

/** Which API versions the slots have, read beside the requests: a request only compares its header. */
export class VersionRoutes {
  readonly #known = new Map<Slot, SlotVersions | undefined>();
  /** The processes that were drained: they get nothing more. */
  readonly #drained = new Map<Slot, number | undefined>();
  readonly #timer: NodeJS.Timeout;

  private constructor(private readonly read: ReadVersions) {
    this.#timer = setInterval(() => void this.#refresh(), readEveryMs);
    this.#timer.unref();
  }

  static async start(read: ReadVersions): Promise<VersionRoutes> {
    const routes = new VersionRoutes(read);
    await routes.#refresh();
    return routes;
  }

  /**
   * The slot for a request whose header names a version that no other slot has; undefined if the weights decide. A slot
   * without weight counts, too.
   */
  slotFor({ headers }: IncomingMessage, backends: Backends): Slot | undefined {
    const asked = headers[apiVersionHeader];
    if (typeof asked !== "string") return undefined;
    const [slot, ...others] = slots.filter((each) => !backends[each].ejected && this.#has(each, asked));
    return others.length === 0 ? slot : undefined;
  }

  /** Call when a slot is drained: it gets no more requests until its process is another one, or it has weight again. */
  leave(slot: Slot): void {
    this.#drained.set(slot, this.#known.get(slot)?.pid);
  }

  /** Call when the traffic is divided. */
  divided(weights: Weights): void {
    for (const slot of slots) if (weights[slot] > 0) this.#drained.delete(slot);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #has(slot: Slot, version: string): boolean {
    const known = this.#known.get(slot);
    if (!known || known.pid === this.#drained.get(slot)) return false;
    return known.versions.includes(version);
  }

  async #refresh(): Promise<void> {
    // The next look may find a slot that cannot be read now; until then, the weights decide.
    for (const slot of slots) this.#known.set(slot, await this.read(slot).catch(() => undefined));
  }
}
