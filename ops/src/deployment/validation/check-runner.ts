import { messageOf } from "../../core/message-of.ts";
import { DeadlineExceeded, withTimeout } from "../../core/with-timeout.ts";
import { type CheckResult, type PhaseLook, unknown, type ValidationCheck } from "./check.ts";

/** A run that takes longer is given up, and begins anew. */
const givenUpAfterMs = 300_000;

/** Rejects when the release is reverted. */
const revertOf = (signal: AbortSignal | undefined): Promise<never> =>
  new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
  });

/** Runs checks. A look waits for a slow one only for a while: commands of people must not wait for it, and
 * a revert at all. */
export class CheckRunner {
  readonly #waitMs: number;
  readonly #running = new Map<string, Promise<CheckResult>>();

  constructor(waitMs: number) {
    this.#waitMs = waitMs;
  }

  /** Whether a run goes on, or its result was not taken yet. */
  isRunning({ name }: Pick<ValidationCheck, "name">): boolean {
    return this.#running.has(name);
  }

  /** Begins a run, or takes the result of the one that goes on. A check that fails to run knows nothing. */
  async run(check: ValidationCheck, look: PhaseLook): Promise<CheckResult> {
    const running = this.#running.get(check.name) ?? this.#begin(check, look);
    this.#running.set(check.name, running);
    try {
      const result = await withTimeout(this.#waitMs, Promise.race([running, revertOf(look.signal)]));
      this.#running.delete(check.name);
      return result;
    } catch (error) {
      if (error instanceof DeadlineExceeded || look.signal?.aborted)
        return unknown("The check has not answered yet.");
      throw error;
    }
  }

  /** Never rejects. */
  #begin({ run }: ValidationCheck, look: PhaseLook): Promise<CheckResult> {
    return withTimeout(givenUpAfterMs, (async () => run(look))()).catch((error: unknown) =>
      unknown(messageOf(error)),
    );
  }
}
