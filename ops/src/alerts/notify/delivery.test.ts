import { readdirSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import {
  holding,
  later,
  openDispatching,
  scripted,
  startedMs,
  stateOf,
  waitingFor,
} from "../../../../test/support/dispatching.ts";
import { logLines } from "../../../../test/support/log-lines.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { until } from "../../../../test/support/until.ts";
import { keyOfChannel } from "../model/channel-alert.ts";
import type { Channel, SendResult } from "./channel.ts";

let bench: Awaited<ReturnType<typeof openDispatching>>;
beforeEach(async () => {
  bench = await openDispatching();
});
afterEach(() => bench.close());

const hourMs = 3_600_000;

test("a notification is on disk from dispatch until every channel has accepted it", async () => {
  const [slack, email] = [holding("slack"), holding("email")];
  const dispatcher = bench.dispatcherOf([slack, email]);
  await dispatcher.dispatch(notificationOf("a"));
  expect(await bench.entries()).toHaveLength(1);
  await until(() => slack.asked.length + email.asked.length === 2);
  slack.answer({ result: "accepted" });
  await until(() => bench.of("slack").length === 1);
  expect(await bench.entries()).toHaveLength(1);
  email.answer({ result: "accepted", answer: "250 queued" });
  await until(() => bench.of("email").length === 1);
  expect(await bench.entries()).toEqual([]);
  expect(bench.of("email")).toEqual([
    {
      notification_id: "a",
      alert_id: "alert-of-a",
      occasion: "fired",
      channel: "email",
      attempt: 1,
      at: "2026-01-05T04:00:00.000Z",
      took_ms: 0,
      outcome: "accepted",
      answer: "250 queued",
      next_at: null,
    },
  ]);
});

test("each result is written before the next notification is sent, so a kill repeats at most one", async () => {
  const onDisk: number[] = [];
  const send: Channel["send"] = async () => {
    onDisk.push(readdirSync(bench.spoolDir).filter((name) => name.endsWith(".json")).length);
    return { result: "accepted" };
  };
  const dispatcher = bench.dispatcherOf([{ name: "slack", send }]);
  const about = { alert: { key: keyOfChannel("log") } };
  await Promise.all(["a", "b", "c"].map((id) => dispatcher.dispatch(notificationOf(id, about))));
  await until(() => waitingFor(dispatcher) === 0);
  expect(onDisk).toEqual([3, 2, 1]);
});

test.each(["info", "error", "silent"])(
  "every notification is in the log as JSON at log level %s",
  async (level) => {
    const { log, lines } = logLines(level);
    const dispatcher = bench.dispatcherOf([], { log });
    await dispatcher.dispatch(notificationOf("a"));
    await dispatcher.dispatch(notificationOf("b", { occasion: "resolved", symptoms: 3 }));
    await until(() => waitingFor(dispatcher) === 0);
    expect(lines).toMatchObject([
      { level: 50, msg: "alert CRITICAL: DATABASE_DOWN: The database does not answer.", alert: { key: "" } },
      { level: 30, occasion: "resolved", symptoms: 3, msg: expect.stringContaining("3 symptoms") },
    ]);
  },
);

test("a channel that hangs delays neither other channels nor the caller", async () => {
  const [slack, email] = [holding("slack"), scripted("email")];
  const dispatcher = bench.dispatcherOf([slack, email]);
  for (const id of ["a", "b", "c"]) await dispatcher.dispatch(notificationOf(id));
  await until(() => bench.of("email").length === 3);
  expect(email.sent).toEqual(["a", "b", "c"]);
  expect(slack.asked).toHaveLength(1);
});

test("an attempt has a timeout even if the channel has none", async () => {
  const slack = holding("slack");
  const dispatcher = bench.dispatcherOf([slack], { deadlineMs: 20 });
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => bench.of("slack").length === 1);
  expect(bench.of("slack")).toMatchObject([{ outcome: "try_again", answer: "no answer within 20 ms" }]);
});

test("an attempt that throws is retried, and its message, which may hold a secret, is not logged", async () => {
  const slack = scripted("slack", new TypeError("cannot reach https://hooks.example/secret"));
  const dispatcher = bench.dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => bench.of("slack").length === 1);
  expect(bench.of("slack")[0]?.answer).toBe("TypeError");
  expect(JSON.stringify([bench.lines, bench.attempts, dispatcher.channels()])).not.toContain("secret");
});

test("a failing channel is retried with growing delays, and reports the next attempt", async () => {
  const slack = scripted("slack", later, later, later);
  const dispatcher = bench.dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  for (const [n, pauseMs] of [1_000, 2_000, 4_000].entries()) {
    await until(() => bench.of("slack").length === n + 1);
    expect(stateOf(dispatcher, "slack")).toMatchObject({ state: "failing", reason: "busy", waiting: 1 });
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(slack.sent).toHaveLength(n + 1);
    await vi.advanceTimersByTimeAsync(1);
  }
  await until(() => bench.of("slack").length === 4);
  expect(bench.of("slack").map(({ at, next_at }) => [at.slice(17, 19), next_at?.slice(17, 19)])).toEqual([
    ["00", "01"],
    ["01", "03"],
    ["03", "07"],
    ["07", undefined],
  ]);
  expect(stateOf(dispatcher, "slack")).toMatchObject({ state: "working", reason: null, waiting: 0 });
  const told = bench.lines.map(({ msg }) => msg);
  expect(told.slice(1)).toEqual(["the channel slack is failing", "the channel slack works again"]);
});

test("a delay that the other side requests is kept, even for a new notification", async () => {
  const slack = scripted("slack", { ...later, afterMs: 30_000 });
  const dispatcher = bench.dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => bench.of("slack").length === 1);
  await dispatcher.dispatch(notificationOf("b"));
  await vi.advanceTimersByTimeAsync(29_999);
  expect(slack.sent).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  await until(() => waitingFor(dispatcher) === 0);
  expect(slack.sent).toEqual(["a", "b", "a"]);
});

test("a failing notification delays only later ones of the same alert", async () => {
  const sent: string[] = [];
  const send: Channel["send"] = async ({ id }) => {
    sent.push(id);
    return id === "a1" && sent.length < 3 ? later : { result: "accepted" };
  };
  const dispatcher = bench.dispatcherOf([{ name: "slack", send }]);
  const about = { alert: { id: "a" } };
  await Promise.all([
    dispatcher.dispatch(notificationOf("a1", about)),
    dispatcher.dispatch(notificationOf("a2", { ...about, occasion: "resolved" })),
    dispatcher.dispatch(notificationOf("b1")),
  ]);
  await until(() => bench.of("slack").length === 1);
  await vi.advanceTimersByTimeAsync(1_000);
  await until(() => waitingFor(dispatcher) === 0);
  expect(sent).toEqual(["a1", "b1", "a1", "a2"]);
});

test("a notification that is not delivered within 24 hours is given up and logged", async () => {
  const send = async (): Promise<SendResult> => later;
  const dispatcher = bench.dispatcherOf([{ name: "slack", send }], {
    backoff: { firstMs: hourMs, longestMs: 4 * hourMs },
  });
  await dispatcher.dispatch(notificationOf("a"));
  while (bench.of("slack").at(-1)?.outcome !== "given_up") {
    const before = bench.of("slack").length;
    await vi.advanceTimersByTimeAsync(hourMs);
    await until(() => bench.of("slack").length > before || waitingFor(dispatcher) > 0);
  }
  const [last, oneBefore] = bench.of("slack").reverse();
  expect(Date.parse(last?.at ?? "") - startedMs).toBeGreaterThanOrEqual(24 * hourMs);
  expect(Date.parse(oneBefore?.at ?? "") - startedMs).toBeLessThan(24 * hourMs);
  expect(last).toMatchObject({ answer: "busy", next_at: null });
  expect(bench.lines.at(-1)).toMatchObject({ level: 50, outcome: "given_up" });
  expect(await bench.entries()).toEqual([]);
});

test.each([true, false])(
  "a notification that is a day old when the machine wakes is tried for an hour; by the next process: %s",
  async (isNext) => {
    const slack = { name: "slack", send: async (): Promise<SendResult> => later };
    const options = { backoff: { firstMs: hourMs / 6, longestMs: hourMs / 6 } };
    const attempts = () => bench.of("slack");
    const before = bench.dispatcherOf([slack], options);
    await before.dispatch(notificationOf("a"));
    await until(() => attempts().length === 1);
    if (isNext) await before.stop(0);
    vi.setSystemTime(startedMs + 25 * hourMs);
    if (isNext) await bench.dispatcherOf([slack], options).start();
    await until(() => attempts().length === (isNext ? 2 : 1));
    const outcomes = [];
    for (let tried = attempts().length; outcomes.length < 6; tried++) {
      await vi.advanceTimersByTimeAsync(hourMs / 6);
      await until(() => attempts().length > tried);
      outcomes.push(attempts().at(-1)?.outcome);
    }
    expect(outcomes).toEqual([...Array(5).fill("try_again"), "given_up"]);
    expect(await bench.entries()).toEqual([]);
  },
);
