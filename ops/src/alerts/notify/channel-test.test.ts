import { readdir } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { later, openDispatching, refused, scripted } from "../../../../test/support/dispatching.ts";

let bench: Awaited<ReturnType<typeof openDispatching>>;
beforeEach(async () => {
  bench = await openDispatching();
});
afterEach(() => bench.close());

describe("a test of the channels", () => {
  test("goes to all channels at once, returns each result, and stores nothing", async () => {
    const dispatcher = bench.dispatcherOf([
      scripted("slack", later),
      scripted("email", refused),
      scripted("sms"),
    ]);
    expect(await dispatcher.test()).toEqual([
      { channel: "log", result: "accepted", took_ms: 0, answer: null },
      { channel: "slack", result: "try_again", took_ms: 0, answer: "busy" },
      { channel: "email", result: "refused", took_ms: 0, answer: "no such webhook" },
      { channel: "sms", result: "accepted", took_ms: 0, answer: "ok" },
    ]);
    expect(dispatcher.channels().map(({ state }) => state)).toEqual(Array(4).fill("working"));
    expect(await readdir(bench.home)).toEqual([]);
  });

  test("can go to one channel", async () => {
    const dispatcher = bench.dispatcherOf([scripted("slack"), scripted("email")]);
    expect(await dispatcher.test("slack")).toHaveLength(1);
    await expect(dispatcher.test("pigeon")).rejects.toMatchObject({
      code: "EB_NO_SUCH_CHANNEL",
      remedy: expect.stringContaining("log, slack, email"),
    });
  });
});
