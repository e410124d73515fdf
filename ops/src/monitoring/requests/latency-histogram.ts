import { Int32Histogram } from "hdr-histogram-js";

const significantDigits = 2;
const longestMicroseconds = 2 ** 30 - 1;

// The layout of an HDR histogram with two significant digits: 256 buckets of one microsecond, then 128
// buckets for each doubling.
const subBucketBits = 8;
const halfSubBuckets = 128;

/**
 * Maximum relative error of a percentile: a bucket is at most 1/128 of its values wide, and a percentile is the upper
 * bound of its bucket, so it is never too low. Durations are first rounded up to whole microseconds, and those over 17.9
 * minutes count as 17.9 minutes.
 */
export const relativeErrorBound = 1 / halfSubBuckets;

/**
 * The bucket of a duration in milliseconds. Uses integer shifts because the library's `recordValue` computes a logarithm
 * and a power: 115 ns instead of 3.
 */
export const bucketOf = (durationMs: number): number => {
  const microseconds = durationMs > 0 ? Math.min(Math.ceil(durationMs * 1000), longestMicroseconds) : 0;
  const doublings = Math.max(32 - Math.clz32(microseconds) - subBucketBits, 0);
  return doublings * halfSubBuckets + (microseconds >>> doublings);
};

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
