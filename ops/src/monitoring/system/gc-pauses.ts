import { PerformanceObserver } from "node:perf_hooks";

/** Measures the pauses of the garbage collector. */
export class GcPauses {
  #totalMs = 0;
  #longestMs = 0;
  readonly #observer = new PerformanceObserver((list) => {
    for (const { duration } of list.getEntries()) {
      this.#totalMs += duration;
      this.#longestMs = Math.max(this.#longestMs, duration);
    }
  });

  start(): void {
    this.#observer.observe({ entryTypes: ["gc"] });
  }

  stop(): void {
    this.#observer.disconnect();
  }

  /** Total and longest pause since the previous call. */
  take(): { totalMs: number; longestMs: number } {
    const taken = { totalMs: this.#totalMs, longestMs: this.#longestMs };
    this.#totalMs = this.#longestMs = 0;
    return taken;
  }
}
