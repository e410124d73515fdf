import { type Backoff, backoffMs } from "./backoff.ts";
import type { SendResult } from "./channel.ts";

/** The health of a channel. Times are milliseconds on the monotonic clock; `since` is for display. */
export type ChannelHealth =
  | { state: "working"; since: Date }
  | { state: "failing"; since: Date; reason: string; failures: number; nextMs: number; asked: boolean }
  | { state: "broken"; since: Date; reason: string; nextMs: number };

/** Recipients that a channel does not reach, while it reaches others. */
export interface Unreached {
  since: Date;
  reason: string;
}

/** The displayed health: a channel that misses some recipients counts as broken. */
export type VisibleHealth =
  | { state: "working"; since: Date }
  | { state: "failing" | "broken"; since: Date; reason: string };

/** The displayed health. Delivery to the other recipients continues as `health` says. */
export const visibleHealth = (health: ChannelHealth, unreached: Unreached | undefined): VisibleHealth =>
  unreached && health.state !== "broken" ? { state: "broken", ...unreached } : health;

/** The unreached recipients after an attempt. */
export const unreachedAfter = (
  before: Unreached | undefined,
  result: SendResult,
  now: Date,
): Unreached | undefined => {
  if (result.result === "refused") return before;
  if (result.unreached !== undefined) return { since: before?.since ?? now, reason: result.unreached };
  return result.result === "accepted" ? undefined : before;
};

export interface Moment {
  now: Date;
  atMs: number;
  /** From 0 to 1. */
  chance: number;
}

/** A broken channel needs a change of its settings, which the process may not notice. */
const brokenBackoff: Backoff = { firstMs: 60 * 60_000, longestMs: 60 * 60_000 };

/**
 * The health after an attempt. A delay that the other side requests has priority over the backoff, but a delay of
 * zero has not: a failing server would get hundreds of requests per second.
 */
export const afterAttempt = (
  health: ChannelHealth,
  result: SendResult,
  backoff: Backoff,
  { now, atMs, chance }: Moment,
): ChannelHealth => {
  const sinceIn = (state: ChannelHealth["state"]) => (health.state === state ? health.since : now);
  if (result.result === "accepted") return { state: "working", since: sinceIn("working") };
  const { reason } = result;
  // A broken channel stays broken until it accepts; a missing answer does not repair it.
  if (result.result === "refused" || health.state === "broken") {
    const nextMs = atMs + backoffMs(1, brokenBackoff, chance);
    return { state: "broken", since: sinceIn("broken"), reason, nextMs };
  }
  const failures = health.state === "failing" ? health.failures + 1 : 1;
  const { afterMs = 0 } = result;
  const asked = afterMs > 0;
  const nextMs = atMs + (asked ? afterMs : backoffMs(failures, backoff, chance));
  return { state: "failing", since: sinceIn("failing"), reason, failures, nextMs, asked };
};

/** A new notification is tried at once, unless the other side requested a delay. */
export const afterNewNotification = (health: ChannelHealth, atMs: number): ChannelHealth =>
  health.state === "working" || (health.state === "failing" && health.asked)
    ? health
    : { ...health, nextMs: Math.min(health.nextMs, atMs) };

/** How long the channel must be left alone, in milliseconds. */
export const remainingBackoffMs = (health: ChannelHealth, atMs: number): number =>
  health.state === "working" ? 0 : Math.max(0, health.nextMs - atMs);
