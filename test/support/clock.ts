import type { Clock } from "@earlybird-ops/platform";

/** A clock that stands still until a test moves it. */
export class StandingClock implements Clock {
  #now: Date;
  #steppedMs = 0;

  constructor(
    now: string,
    /** Where the business is. */
    public timeZone = "UTC",
  ) {
    this.#now = new Date(now);
  }

  now(): Date {
    return new Date(this.#now);
  }

  monotonicMs(): number {
    return this.#now.getTime() - this.#steppedMs;
  }

  /** Back in time, only the wall clock moves: the monotonic one never decreases. */
  set(now: string): void {
    const ms = new Date(now).getTime() - this.#now.getTime();
    if (ms < 0) this.stepMs(ms);
    else this.advanceMs(ms);
  }

  advanceMs(ms: number): void {
    this.#now = new Date(this.#now.getTime() + ms);
  }

  /** Moves only the wall clock, as when somebody sets it, or the machine has slept. */
  stepMs(ms: number): void {
    this.#steppedMs += ms;
    this.advanceMs(ms);
  }
}
