import { Pool } from "undici";
import type { Slot } from "../traffic/traffic-switch.ts";

/** Under the slot's 75 s: a connection that the slot closes is never taken for a request. */
const idleTimeoutMs = 4_000;
const lookEveryMs = 250;

/** An event stream or a WebSocket. */
export interface Stream {
  /** Asks the client to reconnect, as soon as the protocol allows it. */
  askToReconnect(): void;
  /** Cuts the connection. */
  cut(): void;
}

/** The front's view of a slot: its connections, its open work, and whether it can be connected to. */
export class Backend {
  readonly streams = new Set<Stream>();
  inFlight = 0;
  /** Whether it is being drained, or was: it does not stand in for the other one. */
  isDraining = false;
  /** Requests that got no complete response. */
  lost = 0;
  readonly pool: Pool;
  #ejected = false;
  #probe: NodeJS.Timeout | undefined;

  constructor(
    readonly slot: Slot,
    readonly socketPath: string,
  ) {
    this.pool = new Pool("http://localhost", {
      socketPath,
      pipelining: 1,
      keepAliveTimeout: idleTimeoutMs,
      keepAliveMaxTimeout: idleTimeoutMs,
      // The service decides how long it takes.
      headersTimeout: 0,
      bodyTimeout: 0,
    });
  }

  get ejected(): boolean {
    return this.#ejected;
  }

  /** Sends the slot no requests until its `/readyz` answers. */
  eject(): void {
    if (this.#ejected) return;
    this.#ejected = true;
    this.#probe = setInterval(() => void this.#readmitWhenReady(), lookEveryMs);
  }

  /** A service without `/readyz` is ready if it answers. */
  async isReady(): Promise<boolean> {
    try {
      const { statusCode, body } = await this.pool.request({
        path: "/readyz",
        method: "GET",
        signal: AbortSignal.timeout(2_000),
      });
      await body.dump();
      return statusCode < 500;
    } catch {
      return false;
    }
  }

  async #readmitWhenReady(): Promise<void> {
    if (!(await this.isReady())) return;
    this.#ejected = false;
    clearInterval(this.#probe);
  }

  async close(): Promise<void> {
    clearInterval(this.#probe);
    for (const stream of this.streams) stream.cut();
    await this.pool.destroy();
  }
}

export type Backends = Readonly<Record<Slot, Backend>>;
