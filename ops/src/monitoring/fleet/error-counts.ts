import type { Clock } from "../../core/clock.ts";

/** A request that got a response of 400 or more. */
export interface FailedRequest {
  /** The template. */
  route: string;
  method: string;
  status: number;
  /** The error code of the response. */
  code: string | null;
  /** The change whose behaviour raised the error. */
  step: number | null;
}

/** Equal failures within a period. */
export interface ErrorCount extends FailedRequest {
  count: number;
  first: Date;
  last: Date;
}

/** Which failures to read: those of a period, of a route or of all. */
export interface ErrorsRequest {
  from: Date;
  to: Date;
  /** The template. */
  route?: string | undefined;
  method?: string | undefined;
}

/** The failures of one process in one minute. */
export interface ErrorMinute {
  startedAt: Date;
  errors: readonly ErrorCount[];
}

const minuteMs = 60_000;
const minutesKept = 60;

/** Kinds of failures that a minute distinguishes; all further ones differ only by status. */
const kindsInMinute = 100;

interface Entry {
  error: ErrorCount;
  /** The count that is in the database. */
  written: number;
}

/** The failed requests of this process by the minute, for an hour, in bounded memory. */
export class ErrorCounts {
  readonly #clock: Clock;
  readonly #minutes = new Map<number, Map<string, Entry>>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  add(failed: FailedRequest): void {
    const at = this.#clock.now();
    const entries = this.#minuteOf(at);
    const kind = entries.size < kindsInMinute || entries.has(keyOf(failed)) ? failed : overflow(failed);
    const key = keyOf(kind);
    const entry = entries.get(key) ?? { error: { ...kind, count: 0, first: at, last: at }, written: 0 };
    entries.set(key, entry);
    entry.error.count++;
    entry.error.last = at;
  }

  /** The failures in the minutes of a period. */
  within({ from, to, route, method }: ErrorsRequest): ErrorCount[] {
    const sums = new Map<string, ErrorCount>();
    for (const [startedMs, entries] of this.#minutes) {
      if (startedMs < minuteStartMs(from) || startedMs > to.getTime()) continue;
      for (const [key, { error }] of entries) {
        if ((route ?? error.route) !== error.route || (method ?? error.method) !== error.method) continue;
        const { count = 0, first = error.first } = sums.get(key) ?? {};
        sums.set(key, { ...error, count: count + error.count, first });
      }
    }
    return [...sums.values()].sort((one, other) => other.count - one.count);
  }

  /**
   * Passes to `store` what has changed since the last call, with the counts since the beginning of the minute.
   *
   * @throws an error of `store`; these failures are passed again by the next call
   */
  async writeAll(store: (minute: ErrorMinute) => Promise<void>): Promise<void> {
    for (const [startedMs, entries] of [...this.#minutes]) {
      const changed = [...entries.values()].filter(({ error, written }) => error.count > written);
      if (changed.length === 0) continue;
      const errors = changed.map(({ error }) => ({ ...error }));
      await store({ startedAt: new Date(startedMs), errors });
      for (const [index, entry] of changed.entries()) entry.written = errors[index]?.count ?? entry.written;
    }
  }

  #minuteOf(at: Date): Map<string, Entry> {
    const startedMs = minuteStartMs(at);
    const known = this.#minutes.get(startedMs);
    if (known) return known;
    const entries = new Map<string, Entry>();
    this.#minutes.set(startedMs, entries);
    const [oldest] = this.#minutes.keys();
    if (oldest !== undefined && this.#minutes.size > minutesKept) this.#minutes.delete(oldest);
    return entries;
  }
}

const minuteStartMs = (at: Date): number => Math.floor(at.getTime() / minuteMs) * minuteMs;

const keyOf = ({ route, method, status, code, step }: FailedRequest): string =>
  [method, status, code, step, route].join(" ");

const overflow = ({ status }: FailedRequest): FailedRequest => ({
  route: "(other)",
  method: "*",
  status,
  code: null,
  step: null,
});
