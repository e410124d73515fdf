import { writeFile } from "node:fs/promises";
import type { Notification } from "@earlybird-ops/platform/alerts";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import {
  holding,
  later,
  openDispatching,
  refused,
  scripted,
  startedMs,
  waitingFor,
} from "../../../../test/support/dispatching.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { until } from "../../../../test/support/until.ts";
import { watchDisk } from "../../../../test/support/watched-disk.ts";

let bench: Awaited<ReturnType<typeof openDispatching>>;
beforeEach(async () => {
  bench = await openDispatching();
});
afterEach(() => bench.close());

const hourMs = 3_600_000;

describe("the next process", () => {
  test("delivers the remaining notifications to the remaining channels, and continues the count of attempts", async () => {
    const slack = scripted("slack", later, later);
    const before = bench.dispatcherOf([slack, scripted("email")]);
    await before.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1 && bench.of("email").length === 1);
    await before.stop(0);
    const email = scripted("email");
    const after = bench.dispatcherOf([slack, email]);
    await after.start();
    await until(() => bench.of("slack").length === 2);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => waitingFor(after) === 0);
    expect(bench.of("slack").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(email.sent).toEqual([]);
    expect(await bench.entries()).toEqual([]);
  });

  test("beside it takes over within a minute", async () => {
    const slack = scripted("slack", later);
    const first = bench.dispatcherOf([slack]);
    const second = bench.dispatcherOf([slack]);
    await second.start();
    await first.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    await first.stop(0);
    await vi.advanceTimersByTimeAsync(60_000);
    await until(() => slack.sent.length === 2);
  });

  test.each([true, false])(
    "takes nothing over twice, also what it is handed again; found on disk before that: %s",
    async (isFoundFirst) => {
      const before = bench.dispatcherOf([scripted("slack", later)]);
      await before.dispatch(notificationOf("a"));
      await until(() => bench.of("slack").length === 1);
      await before.stop(0);
      const slack = scripted("slack");
      const after = bench.dispatcherOf([slack]);
      const steps = [() => after.start(), () => after.dispatch(notificationOf("a"))];
      for (const step of isFoundFirst ? steps : steps.reverse()) {
        await step();
        await until(() => waitingFor(after) === 0);
      }
      expect(slack.sent).toEqual(["a"]);
      expect(await bench.entries()).toEqual([]);
    },
  );

  test("keeps notifications of a removed channel for a day", async () => {
    const before = bench.dispatcherOf([scripted("slack", later, later)]);
    await before.dispatch(notificationOf("a"));
    await until(() => bench.of("slack").length === 1);
    await before.stop(0);
    vi.setSystemTime(startedMs + 23 * hourMs);
    const after = bench.dispatcherOf([]);
    await after.start();
    expect(await bench.entries()).toHaveLength(1);
    await after.stop(0);
    vi.setSystemTime(startedMs + 24 * hourMs);
    await bench.dispatcherOf([]).start();
    expect(await bench.entries()).toEqual([]);
    expect(bench.of("slack").at(-1)).toMatchObject({ attempt: 1, outcome: "given_up" });
  });
});

test("stopping delivers due notifications briefly, and leaves the rest on disk", async () => {
  const [slack, email] = [holding("slack"), holding("email")];
  const dispatcher = bench.dispatcherOf([slack, email, scripted("pager", later)]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => slack.asked.length + email.asked.length === 2 && bench.of("pager").length === 1);
  const stopped = dispatcher.stop(2_000);
  slack.answer({ result: "accepted" });
  await until(() => bench.of("slack").length === 1);
  await vi.advanceTimersByTimeAsync(2_000);
  await stopped;
  expect(bench.of("email")).toEqual([]);
  expect(await bench.entries()).toHaveLength(1);
});

test("nothing is sent before the listeners have recorded it, including notifications of an earlier process", async () => {
  const slack = scripted("slack", later);
  const before = bench.dispatcherOf([slack]);
  const heard: [id: string, sent: number][] = [];
  const hear = async (notifications: readonly Notification[]) => {
    await Promise.resolve();
    for (const { id } of notifications) heard.push([id, slack.sent.length]);
  };
  before.beforeSending(hear);
  await before.dispatch(notificationOf("a"));
  await until(() => bench.of("slack").length === 1);
  await before.stop(0);
  const after = bench.dispatcherOf([slack]);
  after.beforeSending(() => Promise.reject(new Error("boom")));
  after.beforeSending(hear);
  await after.start();
  await until(() => waitingFor(after) === 0);
  expect(heard).toEqual([
    ["a", 0],
    ["a", 1],
  ]);
  expect(slack.sent).toEqual(["a", "a"]);
});

test("without a disk it delivers from memory, and logs that once", async () => {
  await writeFile(bench.spoolDir, "a file where the directory should be");
  const slack = scripted("slack");
  const dispatcher = bench.dispatcherOf([slack]);
  await dispatcher.start();
  for (const id of ["a", "b"]) await dispatcher.dispatch(notificationOf(id));
  await until(() => bench.of("slack").length === 2);
  expect(slack.sent).toEqual(["a", "b"]);
  const complaints = bench.lines.filter(({ msg }) => String(msg).includes("from memory"));
  expect(complaints).toHaveLength(1);
});

test("a disk that hangs is waited for once; then it delivers, and writes when the disk responds", async () => {
  const slack = scripted("slack", later, later);
  const dispatcher = bench.dispatcherOf([slack]);
  await dispatcher.start();
  let answer = () => {};
  const answers = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const stop = await watchDisk(async (_, carryOut) => {
    await answers;
    return carryOut();
  });
  for (const id of ["a", "b"]) await dispatcher.dispatch(notificationOf(id));
  await until(() => bench.of("slack").length === 1);
  await vi.advanceTimersByTimeAsync(1_000);
  await until(() => slack.sent.length === 2);
  expect(slack.sent).toEqual(["a", "b"]);
  stop();
  answer();
  await expect.poll(() => bench.entries().then((names) => names.length)).toBe(2);
  const told = bench.lines.map(({ msg }) => String(msg)).filter((msg) => msg.includes("spool"));
  expect(told).toMatchObject([expect.stringContaining("from memory"), expect.stringContaining("again")]);
});

test("a failing listener stops neither delivery nor other listeners", async () => {
  const fail = () => {
    throw new Error("boom");
  };
  const dispatcher = bench.dispatcherOf([scripted("slack", refused)], { onBroken: fail, onRecovered: fail });
  dispatcher.onAttempt(fail);
  const heard: string[] = [];
  const stop = dispatcher.onAttempt(({ channel }) => heard.push(channel));
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => heard.length === 2);
  stop();
  await dispatcher.dispatch(notificationOf("b"));
  await until(() => bench.attempts.length === 5);
  expect(heard.sort()).toEqual(["log", "slack"]);
});
