import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Attempt,
  emailChannel,
  NotificationDispatcher,
  slackChannel,
} from "@earlybird-ops/platform/alerts";
import { afterEach, beforeEach, expect, test } from "vitest";
import { logLines } from "../support/log-lines.ts";
import { notificationOf } from "../support/notifications.ts";
import { type SlackPeer, startSlackPeer } from "../support/slack-peer.ts";
import { peerPassword, type SmtpPeer, startSmtpPeer } from "../support/smtp-peer.ts";
import { until } from "../support/until.ts";

const backoff = { firstMs: 20, longestMs: 100 };

let home: string;
let slack: SlackPeer;
let smtp: SmtpPeer;
let logged: ReturnType<typeof logLines>;
let dispatcher: NotificationDispatcher;
let attempts: Attempt[];

beforeEach(async () => {
  home = await mkdtemp(join(tmpdir(), "earlybird-channels-"));
  slack = await startSlackPeer();
  smtp = await startSmtpPeer();
  logged = logLines("trace");
  attempts = [];
  dispatcher = open();
});
afterEach(async () => {
  await dispatcher.stop(0);
  await slack.close();
  await smtp.close();
  await rm(home, { recursive: true });
});

const open = (password = peerPassword): NotificationDispatcher => {
  const opened = new NotificationDispatcher({
    groupWindowMs: 0,
    channels: [
      slackChannel({ webhookUrl: slack.webhookUrl, timeoutMs: 5_000 }),
      emailChannel({
        server: "127.0.0.1",
        port: smtp.port,
        secure: false,
        password,
        from: "alerts@dawn.example",
        to: ["asha@dawn.example"],
      }),
    ],
    spoolDir: join(home, "spool"),
    log: logged.log,
    backoff,
  });
  opened.onAttempt((attempt) => attempts.push(attempt));
  return opened;
};

const settled = () => dispatcher.channels().every(({ waiting }) => waiting === 0);
const outcomes = (channel: string) =>
  attempts.filter((attempt) => attempt.channel === channel).map(({ outcome }) => outcome);
const stateOf = (name: string) => dispatcher.channels().find(({ channel }) => channel === name);
const accepted = { status: 200, headers: {}, body: "ok" };

test("what Slack puts off arrives in the end, in order, and mail waits for none of it", async () => {
  slack.answerWith(
    { status: 500, headers: {}, body: "rollup_error" },
    { status: 429, headers: { "retry-after": "0" }, body: "ratelimited" },
    "closed",
    accepted,
  );
  const about = { alert: { id: "7d1" } };
  await dispatcher.dispatch(notificationOf("a", about));
  await dispatcher.dispatch(notificationOf("b", { ...about, occasion: "resolved" }));
  await until(settled);
  expect(outcomes("slack")).toEqual(["try_again", "try_again", "try_again", "accepted", "accepted"]);
  expect(slack.messages.slice(-2).map(({ text }) => text.split(":")[0])).toEqual([
    "[earlybird] CRITICAL",
    "[earlybird] RESOLVED",
  ]);
  expect(outcomes("email")).toEqual(["accepted", "accepted"]);
  expect(smtp.mails).toHaveLength(2);
});

test("mail arrives while Slack hangs, and the process that comes next tells Slack, and only Slack", async () => {
  slack.answerWith("nothing");
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => smtp.mails.length === 1 && slack.messages.length === 1);
  await until(() => outcomes("email").length === 1);
  await dispatcher.stop(0);
  slack.answerWith(accepted);
  dispatcher = open();
  await dispatcher.start();
  await until(() => outcomes("slack").length === 1);
  expect([slack.messages.length, smtp.mails.length]).toEqual([2, 1]);
  expect((await readdir(join(home, "spool"))).filter((name) => name.endsWith(".json"))).toEqual([]);
});

test("a webhook that is gone is broken, by name and reason, until it is there again", async () => {
  slack.answerWith({ status: 404, headers: {}, body: "no_service" }, accepted);
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => outcomes("slack").length === 1);
  expect(stateOf("slack")).toMatchObject({ state: "broken", reason: "Slack answered 404: no_service" });
  await dispatcher.dispatch(notificationOf("b"));
  await until(settled);
  expect(outcomes("slack")).toEqual(["refused", "accepted", "accepted"]);
  expect(stateOf("slack")).toMatchObject({ state: "working", reason: null });
});

test("a wrong password breaks the channel after three attempts; neither it nor the webhook is logged", async () => {
  await dispatcher.stop(0);
  const wrong = "hunter2-and-more";
  dispatcher = open(wrong);
  slack.answerWith({ status: 403, headers: {}, body: slack.webhookUrl });
  await dispatcher.dispatch(notificationOf("a"));
  await until(() => outcomes("email").length === 3 && outcomes("slack").length > 0);
  expect(dispatcher.channels().map(({ state }) => state)).toEqual(["working", "broken", "broken"]);
  expect(outcomes("email")).toEqual(["try_again", "try_again", "refused"]);
  const tested = await dispatcher.test();
  expect(tested.map(({ result }) => result)).toEqual(["accepted", "refused", "refused"]);
  const everything = JSON.stringify([logged.lines, attempts, dispatcher.channels(), tested]);
  expect(everything).toContain("mail server answered AUTH PLAIN with 535");
  for (const secret of [wrong, Buffer.from(wrong).toString("base64"), "T000", "secret"]) {
    expect(everything).not.toContain(secret);
  }
});
