import type { Interval } from "./interval.ts";

/** Number of the interval, requests, errors, total and maximum; then the status classes. */
const width = 10;
const bytesOfString = 24;

/**
 * The newest `size` of consecutively numbered intervals. Empty intervals are left out.
 *
 * There are thousands of intervals, most of them small, so they are stored packed: numbers in one array, durations as
 * strings with one byte per character. A typed array for each interval would take three times as much memory.
 */
export class IntervalRing {
  readonly #size: number;
  #numbers = new Float64Array();
  readonly #counts: string[] = [];
  #bytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Stores an interval in place of the one that is `size` older. */
  set(number: number, { requests, errors, totalMs, maxMs, statuses, counts }: Interval): void {
    if (this.#numbers.length === 0) {
      this.#numbers = new Float64Array(this.#size * width).fill(-1);
      for (let n = 0; n < this.#size; n++) this.#counts.push("");
      this.#bytes = this.#numbers.byteLength + this.#size * bytesOfString;
    }
    const index = number % this.#size;
    this.#numbers.set([number, requests, errors, totalMs, maxMs, ...statuses], index * width);
    this.#bytes += counts.length - (this.#counts[index]?.length ?? 0);
    this.#counts[index] = Buffer.from(counts.buffer, counts.byteOffset, counts.length).toString("latin1");
  }

  /** The stored intervals numbered `first` to `last`, both included, with their numbers; in no particular order. */
  between(first: number, last: number): { number: number; interval: Interval }[] {
    return this.#counts.flatMap((counts, index) => {
      const number = this.#numbers[index * width] ?? -1;
      if (number < Math.max(first, 0) || number > last) return [];
      return [{ number, interval: this.#intervalAt(index, counts) }];
    });
  }

  /** Estimated memory use. */
  get bytes(): number {
    return this.#bytes;
  }

  #intervalAt(index: number, counts: string): Interval {
    const [, requests = 0, errors = 0, totalMs = 0, maxMs = 0, ...statuses] = this.#numbers.subarray(
      index * width,
      (index + 1) * width,
    );
    return { requests, errors, totalMs, maxMs, statuses, counts: Buffer.from(counts, "latin1") };
  }
}
