/** Durations over 17.9 minutes count as 17.9 minutes. */
export const longestMicroseconds = 2 ** 30 - 1;

// The layout of an HDR histogram with two significant digits: 256 buckets of one microsecond, then 128
// buckets for each doubling.
const subBucketBits = 8;
const halfSubBuckets = 128;

/**
 * Maximum relative error of a percentile: a bucket is at most 1/128 of its values wide, and a percentile is the upper
 * bound of its bucket, so it is never too low. Durations are first rounded up to whole microseconds.
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

/** The longest duration in a bucket, in milliseconds. */
export const upperBoundMs = (bucket: number): number => {
  const doublings = Math.max(Math.floor(bucket / halfSubBuckets) - 1, 0);
  const position = bucket - doublings * halfSubBuckets;
  return ((position + 1) * 2 ** doublings - 1) / 1000;
};
