import { Int32Histogram } from "hdr-histogram-js";
import { bucketOf, longestMicroseconds } from "../../core/latency-bucket.ts";

const significantDigits = 2;
/** Counts durations in buckets of bounded relative width, so percentiles need no samples. */
export class LatencyHistogram {
  /** Approximate memory use of an instance. */
  static readonly bytes = 14_000;

  readonly #counts = new Int32Histogram(1, longestMicroseconds, significantDigits);
  /** Number of buckets up to the last one in use: most of the three thousand are for minutes. */
  #used = 0;

  /** Counts one duration, by its {@link bucketOf}. */
  increment(bucket: number): void {
    this.#counts.incrementCountAtIndex(bucket);
    if (bucket >= this.#used) this.#used = bucket + 1;
  }

  clear(): void {
    this.#counts.reset();
    this.#used = 0;
  }

  /**
   * The percentiles in milliseconds; zeros if nothing was counted. See {@link relativeErrorBound}.
   */
  percentilesMs(percents: readonly number[]): number[] {
    this.#counts.establishInternalTackingValues(this.#used);
    return percents.map((percent) => this.#counts.getValueAtPercentile(percent) / 1000);
  }

  /**
   * Encodes the counts in a few hundred bytes. For each bucket in use: twice its count; if the bucket before it is empty,
   * plus one and followed by the number of empty buckets.
   */
  compact(): Uint8Array {
    let length = 0;
    let next = 0;
    for (let bucket = 0; bucket < this.#used; bucket++) {
      const count = this.#counts.getCountAtIndex(bucket);
      if (count === 0) continue;
      const distance = bucket - next;
      length = writeNumber(scratch, length, 2 * count + (distance > 0 ? 1 : 0));
      if (distance > 0) length = writeNumber(scratch, length, distance);
      next = bucket + 1;
    }
    return scratch.slice(0, length);
  }

  /** Adds counts encoded by {@link compact}. */
  add(compacted: Uint8Array): void {
    let bucket = 0;
    for (let at = 0; at < compacted.length; ) {
      const count = readNumber(compacted, at);
      at += lengthOfNumber(compacted, at);
      if (count % 2 === 1) {
        bucket += readNumber(compacted, at);
        at += lengthOfNumber(compacted, at);
      }
      this.#counts.addToCountAtIndex(bucket++, Math.floor(count / 2));
    }
    this.#used = Math.max(this.#used, bucket);
  }
}

// Seven bits per byte, the eighth marks continuation: nearly every number fits into one byte.
const bytesOfLargest = 5;
const scratch = new Uint8Array(bucketOf(Number.POSITIVE_INFINITY) * 2 * bytesOfLargest + 2 * bytesOfLargest);

const writeNumber = (bytes: Uint8Array, at: number, value: number): number => {
  let rest = value;
  let position = at;
  while (rest > 127) {
    bytes[position++] = (rest % 128) + 128;
    rest = Math.floor(rest / 128);
  }
  bytes[position++] = rest;
  return position;
};

const readNumber = (bytes: Uint8Array, at: number): number => {
  let value = 0;
  let weight = 1;
  for (let position = at; ; position++, weight *= 128) {
    const byte = bytes[position] ?? 0;
    value += (byte % 128) * weight;
    if (byte < 128) return value;
  }
};

const lengthOfNumber = (bytes: Uint8Array, at: number): number => {
  let position = at;
  while ((bytes[position] ?? 0) > 127) position++;
  return position - at + 1;
};
