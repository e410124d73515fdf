const longestRetryAfterMs = 10 * 60_000;

/**
 * How long a `Retry-After` header asks to wait, in milliseconds: it holds seconds or a date (RFC 9110, 10.2.3).
 * Undefined when it holds neither; never more than ten minutes.
 */
export const retryAfterMs = (header: string | null, now: Date): number | undefined => {
  if (header === null || header.trim() === "") return undefined;
  const waitMs = /^\s*\d+\s*$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now.getTime();
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), longestRetryAfterMs);
};
