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

  set(now: string): void {
    this.#now = new Date(now);
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
