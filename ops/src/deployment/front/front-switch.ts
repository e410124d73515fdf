import { Client } from "undici";
import { Failure, type Problem } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import type { Baseline } from "../traffic/baseline.ts";
import { requireWeights, switchFailed } from "../traffic/failures.ts";
import type { OpenWork, Slot, Tick, TrafficSwitch, Weights } from "../traffic/traffic-switch.ts";
import {
  controlPaths,
  type FrontState,
  type RenewRequest,
  stateSchema,
  tickSchema,
} from "./control-protocol.ts";
import { socketPaths } from "./socket-directory.ts";

/** The embedded front of a data directory, controlled over its unix socket. */
export class FrontSwitch implements TrafficSwitch {
  readonly #socketPath: string;

  /** @param release salt of the buckets: the id of the release that moves the weights */
  constructor(
    dataDir: string,
    private readonly release: string,
  ) {
    this.#socketPath = socketPaths(dataDir).control;
  }

  async read(): Promise<{ weights: Weights; verified: boolean }> {
    const { weights } = await this.state();
    return { weights, verified: true };
  }

  /** The whole state of the front. */
  async state(): Promise<FrontState> {
    return stateSchema.parse(await this.#ask("GET", controlPaths.state));
  }

  async lost(slot: Slot): Promise<number> {
    return (await this.state()).slots[slot].lost;
  }

  async baseline(): Promise<Baseline | null> {
    const { release, baseline, last_hour } = await this.state();
    return release !== "" && release === this.release ? baseline : last_hour;
  }

  async set(weights: Weights, epoch: number): Promise<void> {
    requireWeights(weights);
    await this.#ask("PUT", controlPaths.division, { weights, epoch, release: this.release });
  }

  async drain(slot: Slot, deadlineMs: number): Promise<OpenWork> {
    return (await this.#ask("POST", controlPaths.drain, { slot, deadline_ms: deadlineMs })) as OpenWork;
  }

  /** Hands the port to another front and waits until it serves. No connection is refused meanwhile. */
  async renew(request: RenewRequest): Promise<void> {
    await this.#ask("POST", controlPaths.renew, request);
  }

  async *ticks(signal?: AbortSignal): AsyncGenerator<Tick> {
    const client = this.#connect();
    try {
      const { body } = await client.request({
        method: "GET",
        path: controlPaths.ticks,
        signal: signal ?? null,
      });
      body.setEncoding("utf8");
      let rest = "";
      for await (const text of body as AsyncIterable<string>) {
        const lines = (rest + text).split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield tickSchema.parse(JSON.parse(line));
      }
    } finally {
      await client.destroy();
    }
  }

  #connect(): Client {
    return new Client("http://localhost", {
      socketPath: this.#socketPath,
      bodyTimeout: 0,
      headersTimeout: 0,
    });
  }

  async #ask(method: "GET" | "PUT" | "POST", path: string, body?: object): Promise<unknown> {
    const client = this.#connect();
    try {
      const response = await client.request({ method, path, body: body ? JSON.stringify(body) : null });
      const answer = await response.body.json();
      if (response.statusCode >= 400) throw asFailure(answer as Problem);
      return answer;
    } catch (error) {
      if (error instanceof Failure) throw error;
      throw switchFailed({ reason: messageOf(error) }, {}, { cause: error });
    } finally {
      await client.destroy();
    }
  }
}

const asFailure = ({ code, status, detail, remedy }: Problem): Failure =>
  new Failure(code, status, detail, remedy);
