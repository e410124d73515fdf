import { Webhook } from "standardwebhooks";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import { type HttpPeer, type PeerResponse, startHttpPeer } from "../../../../test/support/http-peer.ts";
import { type Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import type { Notification, Occasion } from "../model/notification.ts";
import type { Channel } from "../notify/channel.ts";
import { pagerDutyChannel } from "./pagerduty.ts";
import { teamsChannel } from "./teams.ts";
import { telegramChannel } from "./telegram.ts";
import { webhookChannel } from "./webhook.ts";

const alert: Alert = {
  id: "0b1c",
  type: AlertType.API_TIMEOUT,
  key: "GET /api/orders",
  severity: AlertSeverity.WARNING,
  state: "firing",
  message: "<!here> p95 of *GET* /api/orders & more",
  details: { p95_ms: 2_345, reason: "x".repeat(20_000) },
  fired_at: "2026-01-05T04:00:01.000Z",
  resolved_at: null,
  acknowledged: null,
};

const notification = (occasion: Occasion, difference: Partial<Alert> = {}): Notification => ({
  id: `n-${occasion}`,
  occasion,
  alert: { ...alert, ...difference },
  symptoms: 2,
  created_at: "2026-01-05T04:00:01.000Z",
});

const never = new AbortController().signal;

let peer: HttpPeer;
afterEach(() => peer.close());

const listen = async (respond: (body: string, path: string) => PeerResponse) => {
  peer = await startHttpPeer(({ body, path }) => respond(body, path));
  return peer.url;
};

const bodies = () => peer.requests.map(({ body }) => JSON.parse(body));

const key = "k".repeat(32);
const token = "123456:secret-secret-secret-secret";
const channels: [string, (url: string) => Channel][] = [
  ["The webhook", (url) => webhookChannel({ url: `${url}/secret` })],
  ["PagerDuty", (url) => pagerDutyChannel({ routingKey: key, url: `${url}/secret` })],
  ["Teams", (url) => teamsChannel({ webhookUrl: `${url}/secret` })],
  ["Telegram", (url) => telegramChannel({ token, chatId: "42", apiUrl: url })],
];

describe.each(channels)("%s", (service, channelAt) => {
  test.each([
    [{ status: 202 }, { result: "accepted", answer: `${service} answered 202` }],
    [{ status: 500 }, { result: "try_again", reason: `${service} answered 500` }],
    [
      { status: 429, headers: { "retry-after": "30" } },
      { result: "try_again", afterMs: 30_000 },
    ],
    [
      { status: 400, body: "secret" },
      { result: "refused", reason: `${service} answered 400` },
    ],
    [
      { status: 302, headers: { location: "/x" } },
      { result: "refused", reason: `${service} answered 302` },
    ],
    ["closed", { result: "try_again", reason: "UND_ERR_SOCKET" }],
  ] as [PeerResponse, object][])("that responds %j", async (response, result) => {
    const channel = channelAt(await listen(() => response));
    const sent = await channel.send(notification("fired"), never);
    expect(sent).toMatchObject(result);
    expect(JSON.stringify(sent)).not.toContain("secret");
    expect(peer.requests).toHaveLength(1);
  });

  test("gives up a request when the dispatcher stops", async () => {
    const channel = channelAt(await listen(() => "nothing"));
    const stopping = new AbortController();
    const sent = channel.send(notification("fired"), stopping.signal);
    stopping.abort();
    expect(await sent).toEqual({ result: "try_again", reason: "AbortError" });
  });
});

describe("a webhook", () => {
  const secret = `whsec_${Buffer.from("0123456789abcdef0123456789abcdef").toString("base64")}`;

  test("verifies with the library of Standard Webhooks, and not once a byte has changed", async () => {
    const url = await listen(() => ({ status: 204 }));
    await webhookChannel({ url, secret }).send(notification("fired"), never);
    const [{ headers, body } = { headers: {}, body: "" }] = peer.requests;
    const receiver = new Webhook(secret);
    const verified = receiver.verify(body, headers as Record<string, string>);
    expect(verified).toEqual({
      type: "alert.fired",
      timestamp: "2026-01-05T04:00:01.000Z",
      data: {
        id: "n-fired",
        occasion: "fired",
        service: "earlybird",
        text: expect.stringContaining("[earlybird] WARNING: "),
        threads: [alert.id],
        repetition: null,
        symptoms: 2,
        links: [],
        alert,
      },
    });
    expect(() =>
      receiver.verify(body.replace("fired", "fires"), headers as Record<string, string>),
    ).toThrow();
  });

  test("carries the same id in each attempt, and no signature without a secret", async () => {
    const url = await listen(() => ({ status: 500 }));
    const channel = webhookChannel({ url });
    await channel.send(notification("fired"), never);
    await channel.send(notification("fired"), never);
    expect(peer.requests.map(({ headers }) => headers["webhook-id"])).toEqual(["n-fired", "n-fired"]);
    expect(peer.requests[0]?.headers).not.toHaveProperty("webhook-signature");
  });
});

describe("PagerDuty", () => {
  const trigger = z.strictObject({
    routing_key: z.string().length(32),
    event_action: z.literal("trigger"),
    dedup_key: z.string().max(255),
    client: z.string(),
    links: z.array(z.strictObject({ href: z.url(), text: z.string() })).optional(),
    payload: z.strictObject({
      summary: z.string().min(1).max(1_024),
      source: z.string().min(1),
      severity: z.enum(["critical", "error", "warning", "info"]),
      timestamp: z.iso.datetime(),
      class: z.string(),
      group: z.string(),
      component: z.string().optional(),
      custom_details: z.record(z.string(), z.unknown()),
    }),
  });
  const resolve = z.strictObject({
    routing_key: z.string().length(32),
    event_action: z.literal("resolve"),
    dedup_key: z.string().max(255),
  });
  const event = z.discriminatedUnion("event_action", [trigger, resolve]);

  /** Keeps incidents by dedup key, as the Events API does, and refuses what its reference does not describe. */
  const startPagerDuty = async () => {
    const incidents = new Map<string, { state: string; severity?: string; triggers: number }>();
    const url = await listen((body) => {
      const parsed = event.safeParse(JSON.parse(body));
      if (!parsed.success)
        return {
          status: 400,
          body: JSON.stringify({ status: "invalid event", errors: [parsed.error.message] }),
        };
      const { dedup_key, event_action } = parsed.data;
      const known = incidents.get(dedup_key);
      if (event_action === "resolve") incidents.set(dedup_key, { triggers: 0, ...known, state: "resolved" });
      else {
        const { severity } = parsed.data.payload;
        incidents.set(dedup_key, { state: "triggered", severity, triggers: (known?.triggers ?? 0) + 1 });
      }
      return { status: 202, body: JSON.stringify({ status: "success", dedup_key }) };
    });
    return { incidents, channel: pagerDutyChannel({ routingKey: key, url }) };
  };

  test("keeps one incident for an alert that worsens, goes on and ends", async () => {
    const { incidents, channel } = await startPagerDuty();
    for (const occasion of ["fired", "worsened", "reminder"] as const) {
      expect(await channel.send(notification(occasion), never)).toEqual({
        result: "accepted",
        answer: "PagerDuty answered 202: success",
      });
    }
    expect([...incidents.values()]).toEqual([{ state: "triggered", severity: "warning", triggers: 3 }]);
    await channel.send(notification("resolved"), never);
    expect([...incidents.values()]).toEqual([{ state: "resolved", severity: "warning", triggers: 3 }]);
  });

  test("ends the incidents that several instances opened", async () => {
    const { incidents, channel } = await startPagerDuty();
    for (const thread of ["one", "two"])
      await channel.send({ ...notification("fired"), threads: [thread] }, never);
    await channel.send({ ...notification("resolved"), threads: ["one", "two"] }, never);
    expect([...incidents.values()].map(({ state }) => state)).toEqual(["resolved", "resolved"]);
  });

  test("is tested with an incident of severity info that ends at once", async () => {
    const { incidents, channel } = await startPagerDuty();
    await channel.send(notification("test", { severity: AlertSeverity.CRITICAL }), never);
    expect([...incidents.values()]).toEqual([{ state: "resolved", severity: "info", triggers: 1 }]);
  });

  test("names what it refuses", async () => {
    const { channel } = await startPagerDuty();
    expect(await channel.send(notification("fired", { fired_at: "yesterday" }), never)).toEqual({
      result: "refused",
      reason: "PagerDuty answered 400: invalid event",
    });
  });
});

describe("Teams", () => {
  const run = z.strictObject({
    type: z.literal("TextRun"),
    text: z.string(),
    weight: z.literal("Bolder").optional(),
    isSubtle: z.boolean().optional(),
    size: z.literal("Small").optional(),
  });
  const block = z.strictObject({ type: z.literal("RichTextBlock"), inlines: z.array(run).min(1) });
  const container = z.strictObject({
    type: z.literal("Container"),
    style: z.enum(["default", "emphasis", "good", "attention", "warning", "accent"]),
    bleed: z.boolean(),
    items: z.array(block),
  });

  const send = async (sent: Notification) => {
    const url = await listen((body) => ({ status: Buffer.byteLength(body) > 28_000 ? 413 : 202 }));
    expect(await teamsChannel({ webhookUrl: url }).send(sent, never)).toMatchObject({ result: "accepted" });
    const [{ attachments }] = bodies();
    const [head, ...lines] = z.tuple([container], block).parse(attachments[0].content.body);
    return { head, lines };
  };

  test.each([
    ["fired", "warning"],
    ["resolved", "good"],
    ["test", "emphasis"],
  ] as const)("shows a card for %s in the style %s", async (occasion, style) => {
    expect((await send(notification(occasion))).head.style).toBe(style);
  });

  test("keeps texts as they are and within 28 KB, so that none of them formats or mentions", async () => {
    const details = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`n${n}`, "😀".repeat(5_000)]));
    const { head, lines } = await send(notification("fired", { details }));
    expect(head.items[1]?.inlines[0]?.text).toBe(`${alert.message} (2 symptoms suppressed)`);
    expect(lines).toHaveLength(13);
  });

  test("names the code of an error", async () => {
    const body = JSON.stringify({ error: { code: "WorkflowNotFound", message: "https://secret" } });
    const url = await listen(() => ({ status: 404, body }));
    expect(await teamsChannel({ webhookUrl: url }).send(notification("fired"), never)).toEqual({
      result: "refused",
      reason: "Teams answered 404: WorkflowNotFound",
    });
  });
});

describe("Telegram", () => {
  /** The visible text and the tags of a message; a `<` that belongs to no tag is an error, as in the Bot API. */
  const parse = (html: string) => {
    if (/<(?!\/?[bi]>)/.test(html)) throw new Error("can't parse entities");
    return html
      .replaceAll(/<\/?[bi]>/g, "")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
  };

  test("gets a message in its HTML, within 4,096 characters, at the bot's address", async () => {
    const apiUrl = await listen(() => ({ status: 200, body: JSON.stringify({ ok: true, result: {} }) }));
    const details = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`n${n}`, "<".repeat(5_000)]));
    await telegramChannel({ token, chatId: "@oncall", apiUrl }).send(
      notification("fired", { details }),
      never,
    );
    expect(peer.requests[0]?.path).toBe(`/bot${token}/sendMessage`);
    const [message] = bodies();
    expect(message).toMatchObject({ chat_id: "@oncall", parse_mode: "HTML" });
    const text = parse(message.text);
    expect(text.length).toBeLessThanOrEqual(4_096);
    expect(text).toContain(`${alert.message} (2 symptoms suppressed)`);
  });

  test("says in the body how long to wait", async () => {
    const body = JSON.stringify({
      ok: false,
      error_code: 429,
      description: "Too Many Requests: retry after 5",
      parameters: { retry_after: 5 },
    });
    const apiUrl = await listen(() => ({ status: 429, body }));
    const channel = telegramChannel({ token, chatId: "42", apiUrl });
    expect(await channel.send(notification("fired"), never)).toEqual({
      result: "try_again",
      reason: "Telegram answered 429: Too Many Requests",
      afterMs: 5_000,
    });
  });
});
