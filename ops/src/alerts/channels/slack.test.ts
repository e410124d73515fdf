import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type SlackPeer, startSlackPeer } from "../../../../test/support/slack-peer.ts";
import { describe as describeMessage } from "../message/message.ts";
import { type Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import { retryAfterMs } from "./retry-after.ts";
import { slackChannel } from "./slack.ts";
import { slackMessage } from "./slack-format.ts";

const alert: Alert = {
  id: "0b1c",
  type: AlertType.DATABASE_DOWN,
  key: "",
  severity: AlertSeverity.CRITICAL,
  state: "firing",
  message: "The database does not answer.",
  details: { reason: "connect ECONNREFUSED 127.0.0.1:5432", failing_since: "2026-01-05T04:00:00.000Z" },
  fired_at: "2026-01-05T04:00:01.000Z",
  resolved_at: null,
  acknowledged: null,
};

const fired: Notification = {
  id: "n1",
  occasion: "fired",
  alert,
  symptoms: 0,
  created_at: "2026-01-05T04:00:01.000Z",
};

const never = new AbortController().signal;

const context = {
  service: "shop-prod",
  timeZone: "Asia/Kolkata",
  consoleUrl: "https://shop.example/console",
};
const bodyOf = (difference: Partial<Notification> = {}) =>
  slackMessage(describeMessage({ ...fired, ...difference }, context));

describe("a Slack webhook", () => {
  let slack: SlackPeer;
  const send = (timeoutMs = 4_000, signal = never) =>
    slackChannel({ webhookUrl: slack.webhookUrl, context, timeoutMs }).send(fired, signal);

  beforeEach(async () => {
    slack = await startSlackPeer();
  });
  afterEach(() => slack.close());

  test("is sent a text and blocks in a coloured attachment", async () => {
    expect(await send()).toEqual({ result: "accepted", answer: "Slack answered 200: ok" });
    expect(slack.messages).toEqual([bodyOf()]);
  });

  test.each([
    [500, {}, { result: "try_again", reason: "Slack answered 500: rollup_error" }],
    [503, { "retry-after": "2" }, { result: "try_again", afterMs: 2000 }],
    [
      429,
      { "retry-after": "30" },
      { result: "try_again", reason: "Slack answered 429: rollup_error", afterMs: 30_000 },
    ],
    [404, {}, { result: "refused" }],
    [302, { location: "/elsewhere" }, { result: "refused", reason: "Slack answered 302: rollup_error" }],
  ])("that answers %i %o", async (status, headers, result) => {
    slack.answerWith({ status, headers, body: "rollup_error" });
    expect(await send()).toMatchObject(result);
    expect(slack.messages).toHaveLength(1);
  });

  test("that hangs is given up after the timeout, and at once when we stop", async () => {
    slack.answerWith("nothing");
    expect(await send(50)).toEqual({ result: "try_again", reason: "TimeoutError" });
    const stopping = new AbortController();
    const sent = send(30_000, stopping.signal);
    stopping.abort();
    expect(await sent).toEqual({ result: "try_again", reason: "AbortError" });
  });

  test.each([
    [200, "hangs", { result: "accepted", answer: "Slack answered 200" }],
    [200, "closes", { result: "accepted", answer: "Slack answered 200" }],
    [404, "closes", { result: "refused", reason: "Slack answered 404" }],
    [500, "hangs", { result: "try_again", reason: "Slack answered 500" }],
  ] as const)(
    "that answers %i and %s in the middle of its words is taken at its status",
    async (...answer) => {
      const [status, breaksOff, result] = answer;
      slack.answerWith({ status, headers: {}, body: "a few words", breaksOff });
      expect(await send(500)).toEqual(result);
    },
  );

  test("that closes the connection is tried again", async () => {
    slack.answerWith("closed");
    expect(await send()).toEqual({ result: "try_again", reason: "UND_ERR_SOCKET" });
  });

  test("that is not there, or repeats its own address, gives none of its address away", async () => {
    slack.answerWith({ status: 400, headers: {}, body: slack.webhookUrl });
    const echoed = await send();
    await slack.close();
    const refused = await send();
    const unusable = await slackChannel({ webhookUrl: "hppt:/hooks/T000/secret" }).send(fired, never);
    expect(echoed).toMatchObject({ result: "refused", reason: "Slack answered 400" });
    expect(refused).toMatchObject({ reason: "ECONNREFUSED" });
    for (const result of [echoed, refused, unusable]) {
      expect(JSON.stringify(result)).not.toMatch(/secret|hooks|T000/);
    }
  });
});

describe("the message", () => {
  test.each([
    ["fired", "critical", "#c92a2a"],
    ["fired", "error", "#e8590c"],
    ["reminder", "warning", "#f08c00"],
    ["resolved", "critical", "#2b8a3e"],
    ["test", "critical", "#868e96"],
  ] as const)("of occasion %s and severity %s has the colour %s", (occasion, severity, colour) => {
    const [attachment] = bodyOf({ occasion, alert: { ...alert, severity } }).attachments;
    expect(attachment?.color).toBe(colour);
  });

  test("says what to do, and links to the alert", () => {
    const text = JSON.stringify(bodyOf());
    expect(text).toContain("*What to do:* Check that PostgreSQL runs");
    expect(text).toContain("<https://shop.example/console/alerts/0b1c|Console>");
  });

  test("mentions nobody, whatever a detail says, and keeps within Slack's limits", () => {
    const details = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`n${n}`, "x".repeat(5_000)]));
    const body = bodyOf({ alert: { ...alert, message: "<!channel> a & b", details } });
    expect(body.text).toContain("&lt;!channel&gt; a &amp; b");
    const fields = body.attachments.flatMap(({ blocks }) =>
      blocks.flatMap((block) => ("fields" in block ? block.fields : [])),
    );
    expect(fields).toHaveLength(10);
    expect(Math.max(...fields.map(({ text }) => text.length))).toBeLessThanOrEqual(2_000);
  });

  test.each(["😀", "&"])("is never cut through %s", (sign) => {
    for (const before of ["", "x", "xx", "xxx", "xxxx"]) {
      const { text } = bodyOf({ alert: { ...alert, message: before + sign.repeat(3_000) } });
      expect(text).toMatch(/(😀|&amp;)…$/);
    }
  });
});

test.each([
  [null, undefined],
  ["", undefined],
  ["soon", undefined],
  ["0", 0],
  ["12", 12_000],
  ["999999", 600_000],
  ["Mon, 05 Jan 2026 04:00:07 GMT", 7_000],
  ["Mon, 05 Jan 2026 03:00:00 GMT", 0],
])("Retry-After %o asks to wait %o ms", (header, waitMs) => {
  expect(retryAfterMs(header, new Date("2026-01-05T04:00:00Z"))).toBe(waitMs);
});
