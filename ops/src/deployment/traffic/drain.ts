/** Requests in flight have this long to end. */
export const requestsEndWithinMs = 30_000;
/** Event streams and WebSockets are cut after this time. */
export const streamsEndWithinMs = 60_000;
/** A slot that still runs is killed after this time. */
export const slotEndsWithinMs = 90_000;
