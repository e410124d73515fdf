import { once } from "node:events";
import type { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Answer, greeting } from "./protocol.ts";

// Who starts a keeper looks for it every few milliseconds, unless it was killed meanwhile.
const firstLeaseWithinMs = 3_000;
const hangUpWithinMs = 2_000;

/**
 * The keeper's side of the leases: who uses the server. A lease is a connection, which the system ends
 * however its process dies.
 *
 * The listener must allow half-open connections: a process that is done closes its half, and when it was
 * the last one it waits for ours to close, which means that the server is down.
 */
export class Leases {
  readonly #listener: Server;
  readonly #held = new Set<Socket>();
  readonly #unanswered = new Set<Socket>();
  readonly #departing = new Set<Socket>();
  readonly #connected = new Set<Socket>();
  #answer: Answer | undefined;
  /** Until the first one comes, or nobody can be expected any more, no lease does not mean "unused". */
  #expecting = true;
  #tellUnused: (() => void)[] = [];
  #tellAsked: (() => void)[] = [];

  constructor(listener: Server) {
    this.#listener = listener;
    listener.on("connection", (socket) => this.#welcome(socket));
    setTimeout(() => {
      this.#expecting = false;
      this.#check();
    }, firstLeaseWithinMs).unref();
  }

  /** How many processes use the server. */
  get size(): number {
    return this.#held.size;
  }

  /** Fulfils as soon as no process uses the server. */
  unused(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellUnused.push(resolve);
      this.#check();
    });
  }

  /** Fulfils as soon as a process waits for an answer. */
  asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#tellAsked.push(resolve);
      this.#check();
    });
  }

  /** Gives the answer to all who wait for one, and to all who come from now on. */
  announce(answer: Answer): void {
    this.#answer = answer;
    for (const socket of this.#unanswered) {
      socket.write(`${JSON.stringify(this.#answer)}\n`);
      // Who comes after the first one joins.
      if (this.#answer.state === "ready") this.#answer = { ...this.#answer, joined: true };
    }
    this.#unanswered.clear();
  }

  /** From now on, those who come wait for the next announcement. */
  withdraw(): void {
    this.#answer = undefined;
  }

  /** Lets those go who wait until the server is down. */
  dismiss(): void {
    for (const socket of this.#departing) socket.end();
    this.#departing.clear();
  }

  /** Ends all connections and accepts no more; who came too late sees the connection close, and tries anew. */
  async close(): Promise<void> {
    this.#listener.close();
    for (const socket of this.#connected) socket.end();
    // One that was suspended cannot hang up.
    await Promise.race([once(this.#listener, "close"), sleep(hangUpWithinMs)]);
  }

  #welcome(socket: Socket): void {
    this.#connected.add(socket);
    socket.setEncoding("utf8");
    socket.on("error", () => socket.destroy());
    let said = "";
    socket.on("data", (text: string) => {
      said += text;
      if (said !== greeting) return;
      this.#expecting = false;
      this.#held.add(socket);
      this.#unanswered.add(socket);
      if (this.#answer) this.announce(this.#answer);
      this.#check();
    });
    socket.once("end", () => this.#leave(socket));
    socket.once("close", () => {
      this.#leave(socket);
      this.#departing.delete(socket);
      this.#connected.delete(socket);
    });
  }

  #leave(socket: Socket): void {
    this.#unanswered.delete(socket);
    if (!this.#held.delete(socket)) {
      if (!this.#departing.has(socket)) socket.end();
    } else if (this.#held.size > 0) socket.end();
    else {
      this.#departing.add(socket);
      this.#check();
    }
  }

  #check(): void {
    if (this.#unanswered.size > 0) for (const tell of this.#tellAsked.splice(0)) tell();
    if (!this.#expecting && this.#held.size === 0) for (const tell of this.#tellUnused.splice(0)) tell();
  }
}
