import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { z } from "zod";
import { messageOf } from "../../core/message-of.ts";
import { DivisionFile } from "./division-file.ts";
import { requireWeights, switchFailed } from "./failures.ts";
import type { OpenWork, Slot, TrafficSwitch, Weights } from "./traffic-switch.ts";

const longestQuote = 500;

const readAnswer = z.object({ weights: z.object({ blue: z.number(), green: z.number() }) });
const drainAnswer = z.object({ in_flight: z.number(), streams: z.number() });

export interface CommandSwitchOptions {
  /** Keeps the last weights and their epoch. */
  dataDir: string;
  /** The release that moves the weights. */
  release: string;
  /** A program and its arguments. */
  command: readonly [program: string, ...args: string[]];
  /** The program is killed after this time; a drain may take its deadline longer. */
  timeLimitMs?: number;
}

/**
 * Any other switch, behind a program. It reads one JSON object from stdin and answers with one on stdout; an exit status
 * other than 0 is a failure, and its stderr the reason.
 *
 * - `{"action": "read"}` answers `{"weights": {"blue": 9000, "green": 1000}}`
 * - `{"action": "set", "weights", "epoch", "release"}` answers nothing
 * - `{"action": "drain", "slot", "deadline_ms"}` answers `{"in_flight": 0, "streams": 0}`
 */
export class CommandSwitch implements TrafficSwitch {
  constructor(private readonly options: CommandSwitchOptions) {}

  async read(): Promise<{ weights: Weights; verified: boolean }> {
    const { weights } = this.#parse(readAnswer, await this.#run({ action: "read" }));
    requireWeights(weights);
    return { weights, verified: true };
  }

  async set(weights: Weights, epoch: number): Promise<void> {
    const { release, dataDir } = this.options;
    const file = await DivisionFile.open(dataDir);
    await file.set({ weights, epoch, release });
    await this.#run({ action: "set", weights, epoch, release });
    const found = await this.read();
    if (found.weights.green !== weights.green) {
      throw switchFailed({
        reason: `The weight of green is ${found.weights.green} instead of ${weights.green}.`,
      });
    }
  }

  async drain(slot: Slot, deadlineMs: number): Promise<OpenWork> {
    const request = { action: "drain", slot, deadline_ms: deadlineMs };
    const { in_flight, streams } = this.#parse(drainAnswer, await this.#run(request, deadlineMs));
    return { inFlight: in_flight, streams };
  }

  /** @returns what the program wrote to stdout */
  async #run(request: object, longerMs = 0): Promise<string> {
    const { command, timeLimitMs = 30_000 } = this.options;
    const [program, ...args] = command;
    const limitMs = timeLimitMs + longerMs;
    const child = spawn(program, args, { timeout: limitMs, killSignal: "SIGKILL" });
    // A program that does not read its input has ended, and its exit status tells why.
    child.stdin.on("error", () => undefined).end(`${JSON.stringify(request)}\n`);
    try {
      const output = Promise.all([text(child.stdout), text(child.stderr)]);
      output.catch(() => undefined);
      const [status, signal] = (await once(child, "exit")) as [number | null, string | null];
      // Its own children may hold the pipes open.
      if (signal !== null) throw new Error(`ended by ${signal}; it has ${limitMs} ms`);
      const [stdout, stderr] = await output;
      if (status === 0) return stdout;
      throw new Error(
        [`exit status ${status}`, stderr.trim().slice(-longestQuote)].filter(Boolean).join(": "),
      );
    } catch (error) {
      throw switchFailed({ reason: `${program}: ${messageOf(error)}` }, {}, { cause: error });
    } finally {
      child.stdout.destroy();
      child.stderr.destroy();
    }
  }

  #parse<T>(schema: z.ZodType<T>, stdout: string): T {
    try {
      return schema.parse(JSON.parse(stdout));
    } catch (cause) {
      const answer = stdout.trim().slice(0, longestQuote);
      throw switchFailed({ reason: `${this.options.command[0]} answered: ${answer}` }, {}, { cause });
    }
  }
}
