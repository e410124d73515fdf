import type { Clock } from "../../core/clock.ts";
import { messageOf } from "../../core/message-of.ts";
import type { RehearsedAct } from "./report.ts";

export interface ActsOptions {
  clock: Clock;
  signal?: AbortSignal | undefined;
  onProgress?: ((act: string) => void) | undefined;
}

/** An act failed, and is in the list. */
export class ActFailed extends Error {}

/** Runs the acts of a rehearsal, and keeps what became of them. */
export class Acts {
  readonly list: RehearsedAct[] = [];

  constructor(private readonly options: ActsOptions) {}

  /**
   * Runs an act that later ones depend on.
   *
   * @throws ActFailed; the reason of the signal
   */
  async need<T>(name: string, work: () => Promise<T>, evidenceOf: (result: T) => string): Promise<T> {
    const { clock, signal, onProgress } = this.options;
    signal?.throwIfAborted();
    onProgress?.(name);
    const startMs = clock.monotonicMs();
    const add = (ok: boolean, evidence: string) =>
      this.list.push({ name, ok, ms: Math.round(clock.monotonicMs() - startMs), evidence });
    try {
      const result = await work();
      add(true, evidenceOf(result));
      return result;
    } catch (error) {
      // What an abort cuts off says nothing about the release.
      signal?.throwIfAborted();
      // An act within this one failed, and is in the list.
      if (error instanceof ActFailed) throw error;
      add(false, messageOf(error));
      throw new ActFailed(name, { cause: error });
    }
  }

  /** Adds an act that was timed elsewhere. */
  add(act: RehearsedAct): void {
    this.list.push(act);
  }
}

/** Goes on after a failed act; undefined then. */
export const unlessFailed = async <T>(work: Promise<T>): Promise<T | undefined> => {
  try {
    return await work;
  } catch (error) {
    if (error instanceof ActFailed) return undefined;
    throw error;
  }
};
