import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  later,
  openDispatching,
  refused,
  scripted,
  stateOf,
  waitingFor,
} from "../../../../test/support/dispatching.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { until } from "../../../../test/support/until.ts";
import { keyOfChannel } from "../model/channel-alert.ts";
import type { Channel } from "./channel.ts";

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
    onRecovered: (channel: string) => mended.push(channel),
  };
  beforeEach(() => {
    broken.length = 0;
    mended.length = 0;
  });

  test("is shown as broken until it accepts; then it gets the waiting notifications", async () => {
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

  test("and was replaced by a working one before a restart counts as recovered", async () => {
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

  test("is retried automatically within an hour", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = bench.dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    await vi.advanceTimersByTimeAsync(hourMs);
    await until(() => waitingFor(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("recovers with a test that it accepts", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = bench.dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    expect(await dispatcher.test("slack")).toMatchObject([{ result: "accepted" }]);
    await until(() => waitingFor(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("is reported through the others only", async () => {
    const [slack, email] = [scripted("slack"), scripted("email")];
    const dispatcher = bench.dispatcherOf([slack, email], watched);
    await dispatcher.dispatch(notificationOf("a", { alert: { key: keyOfChannel("slack") } }));
    await until(() => bench.of("email").length === 1);
    expect(slack.sent).toEqual([]);
  });

  test("some recipients permanently is shown as broken, sends to the others, and recovers when all are reached", async () => {
    const some = { result: "accepted", unreached: "refused asha: 550" } as const;
    const email = scripted("email", some, { ...later, unreached: some.unreached }, later, some);
    const dispatcher = bench.dispatcherOf([email], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => waitingFor(dispatcher) === 0);
    const standing = { state: "broken", reason: "refused asha: 550", since: "2026-01-05T04:00:00.000Z" };
    expect(stateOf(dispatcher, "email")).toMatchObject(standing);
    await dispatcher.dispatch(notificationOf("b"));
    // What is to come later comes soon, as in a channel that works.
    for (const pauseMs of [1_000, 2_000]) {
      await until(() => bench.of("email").at(-1)?.outcome === "try_again");
      await vi.advanceTimersByTimeAsync(pauseMs);
    }
    await until(() => waitingFor(dispatcher) === 0);
    expect(email.sent).toEqual(["a", "b", "b", "b"]);
    expect(stateOf(dispatcher, "email")).toMatchObject(standing);
    expect([broken, mended]).toEqual([["email: refused asha: 550"], []]);
    await dispatcher.dispatch(notificationOf("c"));
    await until(() => waitingFor(dispatcher) === 0);
    expect(stateOf(dispatcher, "email")).toMatchObject({ state: "working", reason: null });
    expect(mended).toEqual(["email"]);
  });

  test("some recipients of a test is found by the test", async () => {
    const email = scripted("email", { result: "accepted", answer: "ok", unreached: "refused asha: 550" });
    const dispatcher = bench.dispatcherOf([email], watched);
    expect(await dispatcher.test("email")).toMatchObject([{ result: "refused", answer: "ok" }]);
    expect(stateOf(dispatcher, "email")?.state).toBe("working");
    expect(broken).toEqual([]);
  });

  test("one notification while it accepts others is not broken, and that notification is dropped", async () => {
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
