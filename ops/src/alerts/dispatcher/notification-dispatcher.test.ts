import { readdirSync } from "node:fs";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { logLines } from "../../../../test/support/log-lines.ts";
import { notificationOf } from "../../../../test/support/notifications.ts";
import { until } from "../../../../test/support/until.ts";
import { type Channel, keyOfChannel, type SendResult } from "../channel.ts";
import type { Attempt } from "../notification.ts";
import { type DispatcherOptions, NotificationDispatcher } from "./notification-dispatcher.ts";

const started = Date.parse("2026-01-05T04:00:00Z");
const later: SendResult = { result: "try_again", reason: "busy" };
const refused: SendResult = { result: "refused", reason: "no such webhook" };
const hourMs = 3_600_000;

let home: string;
let logged: ReturnType<typeof logLines>;
let attempts: Attempt[];
let running: NotificationDispatcher[];

beforeEach(async () => {
  vi.useFakeTimers({
    now: started,
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date", "performance"],
  });
  vi.spyOn(Math, "random").mockReturnValue(0);
  home = await mkdtemp(join(tmpdir(), "earlybird-dispatcher-"));
  logged = logLines();
  attempts = [];
  running = [];
});
afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await Promise.all(running.map((dispatcher) => dispatcher.stop(0)));
  await rm(home, { recursive: true });
});

/** A channel that answers from a script, and then accepts; with the ids of the notifications it was given. */
const scripted = (name: string, ...script: (SendResult | Error)[]) => {
  const sent: string[] = [];
  const send: Channel["send"] = async ({ id }) => {
    sent.push(id);
    const answer = script.shift() ?? { result: "accepted", answer: "ok" };
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { name, send, sent };
};

/** A channel that does nothing until it is told what to answer, to as many as have asked. */
const holding = (name: string) => {
  const asked: ((result: SendResult) => void)[] = [];
  const send = () => new Promise<SendResult>((resolve) => asked.push(resolve));
  const answer = (result: SendResult) => {
    for (const resolve of asked.splice(0)) resolve(result);
  };
  return { name, send, asked, answer };
};

const dispatcherOf = (channels: Channel[], options: Partial<DispatcherOptions> = {}) => {
  const dispatcher = new NotificationDispatcher({
    channels,
    spoolDir: join(home, "spool"),
    log: logged.log,
    ...options,
  });
  dispatcher.onAttempt((attempt) => attempts.push(attempt));
  running.push(dispatcher);
  return dispatcher;
};

const entries = async () => (await readdir(join(home, "spool"))).filter((name) => name.endsWith(".json"));
const waiting = (dispatcher: NotificationDispatcher) =>
  dispatcher.channels().reduce((sum, channel) => sum + channel.waiting, 0);
const of = (channel: string) => attempts.filter((attempt) => attempt.channel === channel);
const stateOf = (dispatcher: NotificationDispatcher, name: string) =>
  dispatcher.channels().find(({ channel }) => channel === name);

test("a notification is on disk when it has been taken over, and until every channel has accepted it", async () => {
  const [slack, email] = [holding("slack"), holding("email")];
  const dispatcher = dispatcherOf([slack, email]);
  await dispatcher.dispatch(notificationOf("a"));
  expect(await entries()).toHaveLength(1);
  await until(() => slack.asked.length + email.asked.length === 2);
  slack.answer({ result: "accepted" });
  await until(() => of("slack").length === 1);
  expect(await entries()).toHaveLength(1);
  email.answer({ result: "accepted", answer: "250 queued" });
  await until(() => of("email").length === 1);
  expect(await entries()).toEqual([]);
  expect(of("email")).toEqual([
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

test("nothing is sent before it is written down what became of the one before: so a kill repeats one at most", async () => {
  const onDisk: number[] = [];
  const send: Channel["send"] = async () => {
    onDisk.push(readdirSync(join(home, "spool")).filter((name) => name.endsWith(".json")).length);
    return { result: "accepted" };
  };
  const dispatcher = dispatcherOf([{ name: "slack", send }]);
  const about = { alert: { key: keyOfChannel("log") } };
  await Promise.all(["a", "b", "c"].map((id) => dispatcher.dispatch(notificationOf(id, about))));
  await until(() => waiting(dispatcher) === 0);
  expect(onDisk).toEqual([3, 2, 1]);
});

test("every notification is in the log, as JSON", async () => {
  const dispatcher = dispatcherOf([]);
  await dispatcher.dispatch(notificationOf("a"));
  await dispatcher.dispatch(notificationOf("b", { occasion: "resolved", symptoms: 3 }));
  await until(() => waiting(dispatcher) === 0);
  expect(logged.lines).toMatchObject([
    { level: 50, msg: "alert CRITICAL: DATABASE_DOWN: The database does not answer.", alert: { key: "" } },
    { level: 30, occasion: "resolved", symptoms: 3, msg: expect.stringContaining("3 symptoms") },
  ]);
});

test("a channel that hangs delays no other one, and keeps nobody waiting", async () => {
  const [slack, email] = [holding("slack"), scripted("email")];
  const dispatcher = dispatcherOf([slack, email]);
  for (const id of ["a", "b", "c"]) await dispatcher.dispatch(notificationOf(id));
  await until(() => of("email").length === 3);
  expect(email.sent).toEqual(["a", "b", "c"]);
  expect(slack.asked).toHaveLength(1);
});

test("an attempt has a deadline, also where a channel knows of none", async () => {
  const slack = holding("slack");
  const dispatcher = dispatcherOf([slack], { deadlineMs: 20 });
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => of("slack").length === 1);
  expect(of("slack")).toMatchObject([{ outcome: "try_again", answer: "no answer within 20 ms" }]);
});

test("what throws is tried again, and its words, which may hold a secret, are not repeated", async () => {
  const slack = scripted("slack", new TypeError("cannot reach https://hooks.example/secret"));
  const dispatcher = dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => of("slack").length === 1);
  expect(of("slack")[0]?.answer).toBe("TypeError");
  expect(JSON.stringify([logged.lines, attempts, dispatcher.channels()])).not.toContain("secret");
});

test("a channel that fails is tried again, ever less often, and says when next", async () => {
  const slack = scripted("slack", later, later, later);
  const dispatcher = dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  for (const [n, pauseMs] of [1_000, 2_000, 4_000].entries()) {
    await until(() => of("slack").length === n + 1);
    expect(stateOf(dispatcher, "slack")).toMatchObject({ state: "failing", reason: "busy", waiting: 1 });
    await vi.advanceTimersByTimeAsync(pauseMs - 1);
    expect(slack.sent).toHaveLength(n + 1);
    await vi.advanceTimersByTimeAsync(1);
  }
  await until(() => of("slack").length === 4);
  expect(of("slack").map(({ at, next_at }) => [at.slice(17, 19), next_at?.slice(17, 19)])).toEqual([
    ["00", "01"],
    ["01", "03"],
    ["03", "07"],
    ["07", undefined],
  ]);
  expect(stateOf(dispatcher, "slack")).toMatchObject({ state: "working", reason: null, waiting: 0 });
  const told = logged.lines.map(({ msg }) => msg);
  expect(told.slice(1)).toEqual(["the channel slack is failing", "the channel slack works again"]);
});

test("a pause that the other side asks for is kept, also when something new comes", async () => {
  const slack = scripted("slack", { ...later, afterMs: 30_000 });
  const dispatcher = dispatcherOf([slack]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => of("slack").length === 1);
  await dispatcher.dispatch(notificationOf("b"));
  await vi.advanceTimersByTimeAsync(29_999);
  expect(slack.sent).toEqual(["a"]);
  await vi.advanceTimersByTimeAsync(1);
  await until(() => waiting(dispatcher) === 0);
  expect(slack.sent).toEqual(["a", "b", "a"]);
});

test("what a channel does not take holds up nothing but what is to follow it", async () => {
  const sent: string[] = [];
  const send: Channel["send"] = async ({ id }) => {
    sent.push(id);
    return id === "a1" && sent.length < 3 ? later : { result: "accepted" };
  };
  const dispatcher = dispatcherOf([{ name: "slack", send }]);
  const about = { alert: { id: "a" } };
  await Promise.all([
    dispatcher.dispatch(notificationOf("a1", about)),
    dispatcher.dispatch(notificationOf("a2", { ...about, occasion: "resolved" })),
    dispatcher.dispatch(notificationOf("b1")),
  ]);
  await until(() => of("slack").length === 1);
  await vi.advanceTimersByTimeAsync(1_000);
  await until(() => waiting(dispatcher) === 0);
  expect(sent).toEqual(["a1", "b1", "a1", "a2"]);
});

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
    const dispatcher = dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    expect(of("slack")[0]).toMatchObject({ outcome: "refused", next_at: "2026-01-05T05:00:00.000Z" });
    expect(stateOf(dispatcher, "slack")).toEqual({
      channel: "slack",
      state: "broken",
      reason: "no such webhook",
      since: "2026-01-05T04:00:00.000Z",
      waiting: 1,
    });
    await dispatcher.dispatch(notificationOf("b"));
    await until(() => of("slack").length === 2);
    expect([broken, mended]).toEqual([["slack: no such webhook"], []]);
    await dispatcher.dispatch(notificationOf("c"));
    await until(() => waiting(dispatcher) === 0);
    expect(slack.sent).toEqual(["a", "b", "c", "a", "b"]);
    expect([broken, mended]).toEqual([["slack: no such webhook"], ["slack"]]);
    expect(await entries()).toEqual([]);
  });

  test("and was replaced by one that works, with the process, is known to be mended", async () => {
    const before = dispatcherOf([scripted("slack", refused)], watched);
    await before.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    await before.stop(0);
    const after = dispatcherOf([scripted("slack")], watched);
    await after.start();
    await until(() => waiting(after) === 0);
    await after.dispatch(notificationOf("b"));
    await until(() => waiting(after) === 0);
    expect([broken, mended]).toEqual([["slack: no such webhook"], ["slack"]]);
  });

  test("is tried again by itself within the hour", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    await vi.advanceTimersByTimeAsync(hourMs);
    await until(() => waiting(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("is mended by a test that it accepts", async () => {
    const slack = scripted("slack", refused);
    const dispatcher = dispatcherOf([slack], watched);
    await dispatcher.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    expect(await dispatcher.test("slack")).toMatchObject([{ result: "accepted" }]);
    await until(() => waiting(dispatcher) === 0);
    expect(mended).toEqual(["slack"]);
  });

  test("is told of through the others only", async () => {
    const [slack, email] = [scripted("slack"), scripted("email")];
    const dispatcher = dispatcherOf([slack, email], watched);
    await dispatcher.dispatch(notificationOf("a", { alert: { key: keyOfChannel("slack") } }));
    await until(() => of("email").length === 1);
    expect(slack.sent).toEqual([]);
  });

  test("one notification while it accepts others does not count as broken, and is let go", async () => {
    const sent: string[] = [];
    const send: Channel["send"] = async ({ id }) => {
      sent.push(id);
      return id === "bad" ? refused : { result: "accepted" };
    };
    const dispatcher = dispatcherOf([{ name: "slack", send }], watched);
    await dispatcher.dispatch(notificationOf("bad"));
    await until(() => of("slack").length === 1);
    await vi.advanceTimersByTimeAsync(1);
    await dispatcher.dispatch(notificationOf("good"));
    await until(() => waiting(dispatcher) === 0);
    expect(sent).toEqual(["bad", "good", "bad"]);
    expect(of("slack").at(-1)).toMatchObject({ notification_id: "bad", outcome: "refused", next_at: null });
    expect(stateOf(dispatcher, "slack")?.state).toBe("working");
    expect(await entries()).toEqual([]);
  });
});

test("what no attempt could deliver for 24 hours is given up, and told", async () => {
  const send = async (): Promise<SendResult> => later;
  const dispatcher = dispatcherOf([{ name: "slack", send }], {
    pauses: { firstMs: hourMs, longestMs: 4 * hourMs },
  });
  await dispatcher.dispatch(notificationOf("a"));
  while (of("slack").at(-1)?.outcome !== "given_up") {
    const before = of("slack").length;
    await vi.advanceTimersByTimeAsync(hourMs);
    await until(() => of("slack").length > before || waiting(dispatcher) > 0);
  }
  const [last, oneBefore] = of("slack").reverse();
  expect(Date.parse(last?.at ?? "") - started).toBeGreaterThanOrEqual(24 * hourMs);
  expect(Date.parse(oneBefore?.at ?? "") - started).toBeLessThan(24 * hourMs);
  expect(last).toMatchObject({ answer: "busy", next_at: null });
  expect(logged.lines.at(-1)).toMatchObject({ level: 50, outcome: "given_up" });
  expect(await entries()).toEqual([]);
});

describe("the next process", () => {
  test("delivers what is left, to whom it is left, and counts on", async () => {
    const slack = scripted("slack", later, later);
    const before = dispatcherOf([slack, scripted("email")]);
    await before.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1 && of("email").length === 1);
    await before.stop(0);
    const email = scripted("email");
    const after = dispatcherOf([slack, email]);
    await after.start();
    await until(() => of("slack").length === 2);
    await vi.advanceTimersByTimeAsync(1_000);
    await until(() => waiting(after) === 0);
    expect(of("slack").map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(email.sent).toEqual([]);
    expect(await entries()).toEqual([]);
  });

  test("beside it takes over within a minute", async () => {
    const slack = scripted("slack", later);
    const first = dispatcherOf([slack]);
    const second = dispatcherOf([slack]);
    await second.start();
    await first.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    await first.stop(0);
    await vi.advanceTimersByTimeAsync(60_000);
    await until(() => slack.sent.length === 2);
  });

  test("keeps what is for a channel that is not set up any more for a day", async () => {
    const before = dispatcherOf([scripted("slack", later, later)]);
    await before.dispatch(notificationOf("a"));
    await until(() => of("slack").length === 1);
    await before.stop(0);
    vi.setSystemTime(started + 23 * hourMs);
    const after = dispatcherOf([]);
    await after.start();
    expect(await entries()).toHaveLength(1);
    await after.stop(0);
    vi.setSystemTime(started + 24 * hourMs);
    await dispatcherOf([]).start();
    expect(await entries()).toEqual([]);
    expect(of("slack").at(-1)).toMatchObject({ attempt: 1, outcome: "given_up" });
  });
});

test("stopping gives what is due a moment, and leaves the rest on disk", async () => {
  const [slack, email] = [holding("slack"), holding("email")];
  const dispatcher = dispatcherOf([slack, email, scripted("pager", later)]);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => slack.asked.length + email.asked.length === 2 && of("pager").length === 1);
  const stopped = dispatcher.stop(2_000);
  slack.answer({ result: "accepted" });
  await until(() => of("slack").length === 1);
  await vi.advanceTimersByTimeAsync(2_000);
  await stopped;
  expect(of("email")).toEqual([]);
  expect(await entries()).toHaveLength(1);
});

test("without a disk it delivers all the same, and says once that it has none", async () => {
  await writeFile(join(home, "spool"), "a file where the directory should be");
  const slack = scripted("slack");
  const dispatcher = dispatcherOf([slack]);
  await dispatcher.start();
  for (const id of ["a", "b"]) await dispatcher.dispatch(notificationOf(id));
  await until(() => of("slack").length === 2);
  expect(slack.sent).toEqual(["a", "b"]);
  const complaints = logged.lines.filter(({ msg }) => String(msg).includes("from memory"));
  expect(complaints).toHaveLength(1);
});

test("a listener that fails keeps nobody else from hearing", async () => {
  const dispatcher = dispatcherOf([scripted("slack")]);
  dispatcher.onAttempt(() => {
    throw new Error("boom");
  });
  const heard: string[] = [];
  const stop = dispatcher.onAttempt(({ channel }) => heard.push(channel));
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => heard.length === 2);
  stop();
  await dispatcher.dispatch(notificationOf("b"));
  await until(() => attempts.length === 4);
  expect(heard.sort()).toEqual(["log", "slack"]);
});

describe("a test of the channels", () => {
  test("goes through each at once, tells what became of it, and leaves no trace", async () => {
    const dispatcher = dispatcherOf([scripted("slack", later), scripted("email", refused), scripted("sms")]);
    expect(await dispatcher.test()).toEqual([
      { channel: "log", result: "accepted", took_ms: 0, answer: null },
      { channel: "slack", result: "try_again", took_ms: 0, answer: "busy" },
      { channel: "email", result: "refused", took_ms: 0, answer: "no such webhook" },
      { channel: "sms", result: "accepted", took_ms: 0, answer: "ok" },
    ]);
    expect(dispatcher.channels().map(({ state }) => state)).toEqual(Array(4).fill("working"));
    expect(await readdir(home)).toEqual([]);
  });

  test("can be had for one", async () => {
    const dispatcher = dispatcherOf([scripted("slack"), scripted("email")]);
    expect(await dispatcher.test("slack")).toHaveLength(1);
    await expect(dispatcher.test("pigeon")).rejects.toMatchObject({
      code: "EB_NO_SUCH_CHANNEL",
      remedy: expect.stringContaining("log, slack, email"),
    });
  });
});
