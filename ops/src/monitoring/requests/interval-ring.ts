import type { Slice } from "./interval.ts";

/** The number of a slice, requests, errors, total and maximum; then the status classes. */
const width = 10;
const bytesOfString = 24;

/**
 * The newest of consecutively numbered slices, at most `size` of them; those that held nothing are left out.
 *
 * There are thousands of slices, most of them small, so they are kept packed: numbers in one array, durations as
 * strings of one byte a character. A typed array of its own for each would take three times as much.
 */
export class SliceRing {
  readonly #size: number;
  #numbers = new Float64Array();
  readonly #counts: string[] = [];
  #bytes = 0;

  constructor(size: number) {
    this.#size = size;
  }

  /** Keeps a slice, in place of the one that is `size` older. */
  keep(number: number, { requests, errors, totalMs, maxMs, statuses, counts }: Slice): void {
    if (this.#numbers.length === 0) {
      this.#numbers = new Float64Array(this.#size * width).fill(-1);
      for (let n = 0; n < this.#size; n++) this.#counts.push("");
      this.#bytes = this.#numbers.byteLength + this.#size * bytesOfString;
    }
    const place = number % this.#size;
    this.#numbers.set([number, requests, errors, totalMs, maxMs, ...statuses], place * width);
    this.#bytes += counts.length - (this.#counts[place]?.length ?? 0);
    this.#counts[place] = Buffer.from(counts.buffer, counts.byteOffset, counts.length).toString("latin1");
  }

  /** The slices numbered `first` to `last`, both included, as far as they are kept; in no particular order. */
  between(first: number, last: number): Slice[] {
    return this.numberedBetween(first, last).map(({ slice }) => slice);
  }

  /** The same, each with its number. */
  numberedBetween(first: number, last: number): { number: number; slice: Slice }[] {
    const found: { number: number; slice: Slice }[] = [];
    for (const [place, counts] of this.#counts.entries()) {
      const number = this.#numbers[place * width] ?? -1;
      if (number >= Math.max(first, 0) && number <= last)
        found.push({ number, slice: this.#sliceAt(place, counts) });
    }
    return found;
  }

  /** An estimate of the memory that it occupies. */
  get bytes(): number {
    return this.#bytes;
  }

  #sliceAt(place: number, counts: string): Slice {
    const [, requests = 0, errors = 0, totalMs = 0, maxMs = 0, ...statuses] = this.#numbers.subarray(
      place * width,
      (place + 1) * width,
    );
    return { requests, errors, totalMs, maxMs, statuses, counts: Buffer.from(counts, "latin1") };
  }
}
