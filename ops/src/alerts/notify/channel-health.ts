import { type Backoff, backoffMs } from "./backoff.ts";
import type { SendResult } from "./channel.ts";

/** How a channel stands. Times are milliseconds of a clock that only grows; `since` is for people. */
export type ChannelHealth =
  | { state: "working"; since: Date }
  | { state: "failing"; since: Date; reason: string; failures: number; nextMs: number; asked: boolean }
  | { state: "broken"; since: Date; reason: string; nextMs: number };

/** Whom a channel does not reach, and why, while it reaches others. */
export interface Unreached {
  since: Date;
  reason: string;
}

/** A channel as people see it: that some are not reached needs mending as plainly as that nobody is. */
export type VisibleHealth =
  | { state: "working"; since: Date }
  | { state: "failing" | "broken"; since: Date; reason: string };

/** What people see of a health; those who are reached go on being told as it says. */
export const visibleHealth = (health: ChannelHealth, unreached: Unreached | undefined): VisibleHealth =>
  unreached && health.state !== "broken" ? { state: "broken", ...unreached } : health;

/** What an attempt makes known of those whom a channel does not reach. */
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

/** A broken channel is waiting for somebody to mend it, who may not be able to tell us. */
const brokenBackoff: Backoff = { firstMs: 60 * 60_000, longestMs: 60 * 60_000 };

/**
 * What an attempt makes of a channel. A wish of the other side for a pause goes before our own; the wish for none does
 * not: a server that fails and asks to be tried at once would be asked hundreds of times a second.
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
  // What was broken is broken until it accepts: that it does not answer now does not mend it.
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

/** News is worth an attempt of its own, unless the other side has asked us to wait. */
export const afterNewNotification = (health: ChannelHealth, atMs: number): ChannelHealth =>
  health.state === "working" || (health.state === "failing" && health.asked)
    ? health
    : { ...health, nextMs: Math.min(health.nextMs, atMs) };

/** How long the channel must be left alone, in milliseconds. */
export const remainingBackoffMs = (health: ChannelHealth, atMs: number): number =>
  health.state === "working" ? 0 : Math.max(0, health.nextMs - atMs);
