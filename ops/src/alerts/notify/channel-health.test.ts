import { describe, expect, test } from "vitest";
import { backoffMs } from "./backoff.ts";
import type { SendResult } from "./channel.ts";
import {
  afterAttempt,
  afterNewNotification,
  type ChannelHealth,
  remainingBackoffMs,
} from "./channel-health.ts";

const backoff = { firstMs: 1_000, longestMs: 300_000 };
const before = new Date("2026-01-05T04:00:00Z");
const now = new Date("2026-01-05T05:00:00Z");
const hourMs = 3_600_000;

const working: ChannelHealth = { state: "working", since: before };
const failing: ChannelHealth = {
  state: "failing",
  since: before,
  reason: "busy",
  failures: 3,
  nextMs: 9_000,
  asked: false,
};
const asked: ChannelHealth = { ...failing, asked: true };
const broken: ChannelHealth = { state: "broken", since: before, reason: "gone", nextMs: 9_000 };

const accepted: SendResult = { result: "accepted" };
const later: SendResult = { result: "try_again", reason: "away" };
const wait: SendResult = { ...later, afterMs: 7_000 };
const atOnce: SendResult = { ...later, afterMs: 0 };
const refused: SendResult = { result: "refused", reason: "404" };

describe("a channel after an attempt at 10 s", () => {
  test.each<[string, ChannelHealth, SendResult, Partial<ChannelHealth>]>([
    ["works on", working, accepted, { state: "working", since: before }],
    ["works again", failing, accepted, { state: "working", since: now }],
    ["is mended", broken, accepted, { state: "working", since: now }],
    ["begins to fail", working, later, { state: "failing", since: now, failures: 1, nextMs: 11_000 }],
    ["fails on", failing, later, { since: before, reason: "away", failures: 4, nextMs: 18_000 }],
    ["is left alone as long as it asks", failing, wait, { failures: 4, nextMs: 17_000, asked: true }],
    ["has its own pause where it asks for none", failing, atOnce, { nextMs: 18_000, asked: false }],
    ["breaks", working, refused, { state: "broken", since: now, nextMs: 10_000 + hourMs }],
    ["breaks after failing", failing, refused, { state: "broken", since: now, reason: "404" }],
    ["stays broken", broken, refused, { state: "broken", since: before }],
    ["is not mended by being away", broken, later, { state: "broken", since: before, reason: "away" }],
  ])("%s", (_, health, result, expected) => {
    const next = afterAttempt(health, result, backoff, { now, atMs: 10_000, chance: 0 });
    expect(next).toMatchObject(expected);
  });
});

test.each<[string, ChannelHealth, number]>([
  ["that works is used at once", working, 0],
  ["that fails is tried at once for something new", afterNewNotification(failing, 2_000), 0],
  ["that is broken is tried at once for something new", afterNewNotification(broken, 2_000), 0],
  ["that asked for a pause has it, whatever comes", afterNewNotification(asked, 2_000), 7_000],
  ["that fails has its pause", failing, 7_000],
])("a channel %s", (_, health, ms) => {
  expect(remainingBackoffMs(health, 2_000)).toBe(ms);
});

test("delays double up to the limit, minus up to half at random", () => {
  const ms = [1, 2, 3, 9, 10, 5_000].map((failures) => backoffMs(failures, backoff, 0));
  expect(ms).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
  expect(backoffMs(3, backoff, 1)).toBe(2_000);
});
