import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { retainedTicks } from "./nexttick-workaround.ts";

test("one of Node's own ticks is kept", async () => {
  await setImmediate();
  expect(retainedTicks).toEqual([expect.objectContaining({ callback: expect.any(Function) })]);
});
