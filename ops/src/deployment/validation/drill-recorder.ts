import type { Dispatcher, Notification } from "../../alerts/index.ts";
import type { Clock } from "../../core/clock.ts";

/** Takes the notifications of a drill in place of the channels. */
export class Recorder implements Dispatcher {
  readonly sent: Notification[] = [];

  async dispatch(notification: Notification): Promise<void> {
    this.sent.push(notification);
  }

  onAttempt(): () => void {
    return () => undefined;
  }

  beforeSending(): () => void {
    return () => undefined;
  }

  channels(): [] {
    return [];
  }
}

/** The time of a drill, in which minutes of patience pass at once. */
export class DrillClock implements Clock {
  readonly #startMs: number;
  #passedMs = 0;

  constructor(start: Date) {
    this.#startMs = start.getTime();
  }

  now(): Date {
    return new Date(this.#startMs + this.#passedMs);
  }

  monotonicMs(): number {
    return this.#passedMs;
  }

  advance(ms: number): void {
    this.#passedMs += ms;
  }
}
