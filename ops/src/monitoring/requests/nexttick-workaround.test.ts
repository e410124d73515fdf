import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { retainedTicks } from "./nexttick-workaround.ts";

test("a tick object of Node is retained", async () => {
  await setImmediate();
  expect(retainedTicks).toEqual([expect.objectContaining({ callback: expect.any(Function) })]);
});
