import { expect, test } from "vitest";
import { SlidingWindow } from "./sliding-counter.ts";

test("events older than the window no longer count", () => {
  const window = new SlidingWindow({ windowMs: 1_000, most: 10 });
  expect([0, 400, 900, 1_000, 1_300, 3_000].map((atMs) => window.add("a", atMs))).toEqual([1, 2, 3, 3, 4, 1]);
});

test("keys are counted apart, and no further than asked", () => {
  const window = new SlidingWindow({ windowMs: 1_000, most: 3 });
  for (let n = 0; n < 50; n++) window.add("a", n);
  expect([window.add("a", 51), window.add("b", 51)]).toEqual([3, 1]);
});

test("new keys displace the least recent ones", () => {
  const window = new SlidingWindow({ windowMs: 60_000, most: 10, keys: 100 });
  for (let n = 0; n < 10_000; n++) {
    window.add("steady", n);
    window.add(`stranger ${n}`, n);
  }
  expect([window.size, window.add("steady", 10_000), window.add("stranger 1", 10_000)]).toEqual([100, 10, 1]);
});
