import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  openDispatching,
  refused,
  scripted,
  stateOf,
  waitingFor,
} from "../../../../test/support/dispatching.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { until } from "../../../../test/support/until.ts";
import { type Channel, keyOfChannel } from "../channel.ts";

let bench: Awaited<ReturnType<typeof openDispatching>>;
beforeEach(async () => {
  bench = await openDispatching();
});
afterEach(() => bench.close());

const hourMs = 3_600_000;

describe("a channel that refuses", () => {
  const broken: string[] = [];
  const mended: string[] = [];
  const watched = {
    onBroken: (...about: string[]) => broken.push(about.join(": ")),
    onMended: (channel: string) => mended.push(channel),
  };
  beforeEach(() => {
    broken.length = 0;
    mended.length = 0;
  });

  test("is broken, visibly, and mended by what it accepts: then it gets what has waited", async () => {
    const slack = scripted("slack", refused, refused);
    const dispatcher = bench.dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    expect(bench.of("slack")[0]).toMatchObject({ outcome: "refused", next_at: "2026-01-05T05:00:00.000Z" });
    expect(stateOf(dispatcher, "slack")).toEqual({
      channel: "slack",
      state: "broken",
      reason: "no such webhook",
      since: "2026-01-05T04:00:00.000Z",
      waiting: 1,
    });
    await dispatcher.dispatch(notificationOf("b"));
    await until(() => bench.of("slack").length === 2);
    expect([broken, mended]).toEqual([["slack: no such webhook"], []]);
    await dispatcher.dispatch(notificationOf("c"));
    await until(() => waitingFor(dispatcher) === 0);
    expect(slack.sent).toEqual(["a", "b", "c", "a", "b"]);
    expect([broken, mended]).toEqual([["slack: no such webhook"], ["slack"]]);
    expect(await bench.entries()).toEqual([]);
  });

  test("and was replaced by one that works, with the process, is known to be mended", async () => {
    const before = bench.dispatcherOf([scripted("slack", refused)], watched);
    await before.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    await before.stop(0);
    const after = bench.dispatcherOf([scripted("slack")], watched);
    await after.start();
    await until(() => waitingFor(after) === 0);
    await after.dispatch(notificationOf("b"));
    await until(() => waitingFor(after) === 0);
    expect([broken, mended]).toEqual([["slack: no such webhook"], ["slack"]]);
  });

  test("is tried again by itself within the hour", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = bench.dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    await vi.advanceTimersByTimeAsync(hourMs);
    await until(() => waitingFor(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("is mended by a test that it accepts", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = bench.dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    expect(await dispatcher.test("slack")).toMatchObject([{ result: "accepted" }]);
    await until(() => waitingFor(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("is told of through the others only", async () => {
    const [slack, email] = [scripted("slack"), scripted("email")];
    const dispatcher = bench.dispatcherOf([slack, email], watched);
    await dispatcher.dispatch(notificationOf("a", { alert: { key: keyOfChannel("slack") } }));
    await until(() => bench.of("email").length === 1);
    expect(slack.sent).toEqual([]);
  });

  test("one notification while it accepts others does not count as broken, and is let go", async () => {
    const sent: string[] = [];
    const send: Channel["send"] = async ({ id }) => {
      sent.push(id);
      return id === "bad" ? refused : { result: "accepted" };
    };
    const dispatcher = bench.dispatcherOf([{ name: "slack", send }], watched);
    await dispatcher.dispatch(notificationOf("bad"));
    await until(() => bench.of("slack").length === 1);
    await vi.advanceTimersByTimeAsync(1);
    await dispatcher.dispatch(notificationOf("good"));
    await until(() => waitingFor(dispatcher) === 0);
    expect(sent).toEqual(["bad", "good", "bad"]);
    expect(bench.of("slack").at(-1)).toMatchObject({
      notification_id: "bad",
      outcome: "refused",
      next_at: null,
    });
    expect(stateOf(dispatcher, "slack")?.state).toBe("working");
    expect(await bench.entries()).toEqual([]);
  });
});
