import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { createAlerts } from "../../../../test/support/alerts.ts";
import { type SlackPeer, startSlackPeer } from "../../../../test/support/slack-peer.ts";
import { Failure } from "../../core/failure.ts";
import { problems } from "../../http/problems.ts";
import { readSettings } from "../../settings/settings.ts";
import { settingsReport } from "../../settings/settings-report.ts";
import type { AlertManager, MuteEvent } from "../index.ts";
import { AlertType, slackChannel } from "../index.ts";
import { alertRoutes } from "./index.ts";

let slack: SlackPeer;
let alerts: AlertManager;
let stop: () => Promise<void>;
let app: FastifyInstance;
let muteEvents: MuteEvent[];

beforeAll(async () => {
  slack = await startSlackPeer();
});
afterAll(() => slack.close());

beforeEach(async () => {
  slack.messages.length = 0;
  const made = await createAlerts({
    groupWindowMs: 20,
    channels: [slackChannel({ webhookUrl: slack.webhookUrl })],
    thresholds: { cpuPercent: 65 },
  });
  ({ alerts, stop } = made);
  app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(problems, { isDatabaseUnavailable: () => false });
  muteEvents = [];
  await app.register(alertRoutes, {
    ...made,
    onSecurityMute: (event) => muteEvents.push(event),
    settings: settingsReport(readSettings({ ALERT_CPU_PERCENT: "65" }, "/nowhere/.env")),
    operator: async ({ headers }) => {
      if (headers.authorization === "Bearer olu") return { id: "usr_2", name: "Olu" };
      throw new Failure("EB_NO_RIGHT", 403, "No right.", "Ask an admin.");
    },
  });
});
afterEach(async () => {
  await app.close();
  await stop();
});

const send = async (route: string, body?: object, authorization = "Bearer olu") => {
  const [method = "", url = ""] = route.split(" ");
  const headers = { authorization };
  const answer = await app.inject({ method: method as "GET", url, headers, ...(body && { payload: body }) });
  return { status: answer.statusCode, body: answer.json() };
};

const raise = (key: string, message = `Something about ${key}.`) =>
  alerts.raise({ type: "CUSTOM", key, message, details: { key } });

test.each([
  "GET /api/alerts/summary",
  "GET /api/alerts/active",
  "GET /api/alerts/history",
  "GET /api/alerts/types",
  "GET /api/alerts/1",
  "POST /api/alerts/1/acknowledge",
  "DELETE /api/alerts/1/acknowledge",
  "GET /api/alerts/maintenance",
  "POST /api/alerts/maintenance",
  "DELETE /api/alerts/maintenance/1",
  "POST /api/alerts/mute",
  "POST /api/alerts/unmute",
  "POST /api/alerts/test",
])("%s is for operators", async (route) => {
  const body = route.startsWith("POST") ? { type: "CUSTOM", duration_seconds: 60 } : undefined;
  expect((await send(route, body, "Bearer somebody")).body).toMatchObject({
    status: 403,
    code: "EB_NO_RIGHT",
  });
  expect([alerts.mutes(), slack.messages]).toEqual([[], []]);
});

test("every type has its condition with the thresholds in force, and the settings that change it", async () => {
  const { types } = (await send("GET /api/alerts/types")).body;
  expect(types.map(({ type }: { type: string }) => type)).toEqual(Object.values(AlertType));
  const find = (name: string) => types.find(({ type }: { type: string }) => type === name);
  expect(find("HIGH_CPU")).toEqual({
    type: "HIGH_CPU",
    severity: "warning",
    raised_by: "rule",
    fires_when:
      "over 65 % of the CPU limit is used for 2 min, or the event loop is busy over 95 % of the time",
    ends_after_seconds: null,
    settings: [
      {
        name: "ALERT_CPU_PERCENT",
        description: expect.stringContaining("HIGH_CPU"),
        default: "80",
        value: "65",
      },
      expect.objectContaining({ name: "ALERT_EVENT_LOOP_PERCENT", value: "95" }),
    ],
  });
  expect(find("SECURITY_ALERT")).toMatchObject({ raised_by: "service", ends_after_seconds: 900 });
  expect(find("SECURITY_ALERT").settings).toHaveLength(3);
  expect(find("DATABASE_DOWN").settings).toEqual([]);
});

describe("what fires", () => {
  test("is returned with all its fields", async () => {
    const { id } = raise("stock");
    const { body } = await send("GET /api/alerts/active");
    expect(body).toEqual({
      alerts: [
        {
          id,
          type: "CUSTOM",
          key: "stock",
          severity: "error",
          state: "firing",
          message: "Something about stock.",
          details: { key: "stock", occurrences: 1 },
          fired_at: expect.stringMatching(/^\d{4}-.*Z$/),
          resolved_at: null,
          acknowledged: null,
        },
      ],
    });
  });

  test("is returned with any severity, key and message", async () => {
    const odd = [
      { severity: "high", key: 42, message: new Error("It burns.") },
      { severity: "__proto__", key: "oven" },
    ];
    for (const one of odd) alerts.raise({ type: "CUSTOM", ...one } as never);
    const taken = [
      { severity: "error", key: "42", message: "Error: It burns." },
      { severity: "error", key: "oven", message: "undefined" },
    ];
    const { body } = await send("GET /api/alerts/active");
    expect(body.alerts).toEqual(expect.arrayContaining(taken.map((one) => expect.objectContaining(one))));
    await expect.poll(() => slack.messages).toHaveLength(2);
  });

  test("is returned with any details, and so are later alerts", async () => {
    const loop: Record<string, unknown> = {};
    loop.self = loop;
    const odd = {
      nan: Number.NaN,
      infinite: Number.POSITIVE_INFINITY,
      yes: true,
      none: null,
      absent: undefined,
      at: new Date("2026-01-05T04:00:00Z"),
      big: 12n,
      login: { a: 1 },
      loop,
      bare: Object.create(null),
      long: Array.from({ length: 90 }, () => "twenty characters..."),
      degrees: -0.5,
    };
    const { details } = alerts.raise({ type: "CUSTOM", message: "Odd.", details: odd as never });
    expect(details).toMatchObject({
      nan: "NaN",
      infinite: "Infinity",
      yes: "true",
      none: "null",
      at: "2026-01-05T04:00:00.000Z",
      big: "12n",
      login: "{ a: 1 }",
      degrees: -0.5,
    });
    expect([Object.keys(details).includes("absent"), String(details.long).length]).toEqual([false, 1_000]);
    await alerts.settled();
    for (const route of ["GET /api/alerts/active", "GET /api/alerts/history"]) {
      expect(await send(route)).toMatchObject({ status: 200, body: { alerts: [{ details }] } });
    }
  });

  test("is counted in the summary, beside mutes and channels", async () => {
    raise("stock");
    await send("POST /api/alerts/mute", { type: "HIGH_CPU", duration_seconds: 60 });
    const { body } = await send("GET /api/alerts/summary");
    expect(body).toMatchObject({
      active: 1,
      muted: [{ type: "HIGH_CPU" }],
      channels: [{ channel: "log" }, { channel: "slack", state: "working" }],
      alerts: 1,
      by_type: { CUSTOM: 1 },
      by_severity: { error: 1 },
    });
  });
});

describe("the history", () => {
  test("is paged, newest first, with the result for each channel", async () => {
    for (let n = 0; n < 5; n++) raise(`n${n}`);
    // The other side has a message a moment before its answer is noted.
    const attempts = async () =>
      (await alerts.history({ limit: 10 })).alerts.flatMap((record) => record.attempts);
    await expect.poll(async () => (await attempts()).length).toBe(10);
    const seen: string[] = [];
    for (let next: string | null = ""; next !== null; ) {
      const page: { alerts: { key: string; channels: object[] }[]; next: string | null } = (
        await send(`GET /api/alerts/history?limit=2${next && `&page=${encodeURIComponent(next)}`}`)
      ).body;
      for (const { key, channels } of page.alerts) {
        seen.push(key);
        expect(channels).toMatchObject([
          { channel: "log", outcome: "accepted", why: expect.stringContaining("attempt 1") },
          { channel: "slack", outcome: "accepted" },
        ]);
      }
      next = page.next;
    }
    expect(seen.toSorted()).toEqual(["n0", "n1", "n2", "n3", "n4"]);
  });

  test("can be filtered; an invalid filter is refused", async () => {
    raise("stock");
    alerts.raise({ type: "SECURITY_ALERT", message: "Somebody knocks." });
    const keysOf = async (query: string) =>
      (await send(`GET /api/alerts/history?${query}`)).body.alerts.map(({ type }: { type: string }) => type);
    expect(await keysOf("type=CUSTOM")).toEqual(["CUSTOM"]);
    expect(await keysOf("severity=critical")).toEqual(["SECURITY_ALERT"]);
    expect(await keysOf("state=resolved")).toEqual([]);
    expect(await keysOf("before=2020-01-01T00:00:00%2B05:30")).toEqual([]);
    for (const query of ["limit=0", "limit=1001", "type=NONE", "before=yesterday", "nonsense=1"]) {
      expect([query, (await send(`GET /api/alerts/history?${query}`)).status]).toEqual([query, 400]);
    }
    expect((await send("GET /api/alerts/history?page=nonsense")).body.code).toBe("EB_ALERT_PAGE");
  });

  test("explains one alert: each decision, and each attempt of each channel", async () => {
    const { id } = raise("stock");
    await expect.poll(() => slack.messages.length).toBe(1);
    await expect
      .poll(async () => (await send(`GET /api/alerts/${id}`)).body.channels)
      .toMatchObject([
        { channel: "log", outcome: "accepted" },
        {
          channel: "slack",
          outcome: "accepted",
          attempts: [{ attempt: 1, answer: "Slack answered 200: ok" }],
        },
      ]);
    const { body } = await send(`GET /api/alerts/${id}`);
    expect(body.alert).toMatchObject({ id, details: { key: "stock" } });
    expect(body.decisions).toMatchObject([{ decision: "told", why: "sent to the channels" }]);
    expect((await send("GET /api/alerts/nothing")).body).toMatchObject({
      status: 404,
      code: "EB_ALERT_UNKNOWN",
    });
  });
});

test("an alert can be acknowledged by a login, and no longer", async () => {
  const { id } = raise("stock");
  await alerts.settled();
  const route = `/api/alerts/${id}/acknowledge`;
  const acknowledged = { by: "Olu (usr_2)", at: expect.stringMatching(/Z$/), note: "on it" };
  expect((await send(`POST ${route}`, { note: "on it" })).body).toMatchObject({ id, acknowledged });
  expect((await send("GET /api/alerts/active")).body.alerts).toMatchObject([{ acknowledged }]);
  expect((await send("GET /api/alerts/history")).body.alerts).toMatchObject([{ acknowledged }]);
  expect((await send(`DELETE ${route}`)).body).toMatchObject({ id, acknowledged: null });
  expect((await send(`DELETE ${route}`)).body.code).toBe("EB_NOT_ACKNOWLEDGED");
  expect((await send(`POST ${route}`)).body.acknowledged).toMatchObject({ note: null });
  expect((await send(`POST ${route}`, { by: "somebody else" })).status).toBe(400);
  expect((await send("POST /api/alerts/1/acknowledge")).body.code).toBe("EB_ALERT_UNKNOWN");
  alerts.resolve("CUSTOM", "stock");
  expect((await send(`POST ${route}`)).body).toMatchObject({ status: 409, code: "EB_ALERT_RESOLVED" });
});

describe("a mute", () => {
  test("stops notifications and can be ended; its author is the login", async () => {
    const asked = { type: "CUSTOM", duration_seconds: 600, reason: "moving house" };
    const { body: mute } = await send("POST /api/alerts/mute", asked);
    expect(mute).toMatchObject({ type: "CUSTOM", author: "Olu (usr_2)", reason: "moving house" });
    expect(Date.parse(mute.until) - Date.parse(mute.muted_at)).toBe(600_000);
    const { id } = raise("stock");
    await alerts.settled();
    const { body } = await send(`GET /api/alerts/${id}`);
    expect(body.channels).toMatchObject([{}, { channel: "slack", outcome: "not_sent" }]);
    expect(body.channels[1].why).toContain("muted by Olu (usr_2)");
    expect(slack.messages).toEqual([]);
    expect((await send("POST /api/alerts/unmute", { type: "CUSTOM" })).body).toMatchObject({ id: mute.id });
    await expect.poll(() => slack.messages.length).toBe(1);
  });

  test("of one key or route is ended by the same scope or by its id", async () => {
    const scopes = [
      { type: "CUSTOM", key: "stock" },
      { type: "API_TIMEOUT", route: "GET /api/orders" },
    ];
    for (const scope of scopes) await send("POST /api/alerts/mute", { ...scope, duration_seconds: 60 });
    const { muted } = (await send("GET /api/alerts/summary")).body;
    expect(muted).toMatchObject([
      { ...scopes[0], route: null },
      { ...scopes[1], key: null },
    ]);
    expect(await send("POST /api/alerts/unmute", scopes[0])).toMatchObject({ status: 200, body: muted[0] });
    expect((await send("POST /api/alerts/unmute", { id: muted[1].id })).body).toEqual(muted[1]);
    expect((await send("POST /api/alerts/unmute", { id: muted[1].id })).body.code).toBe("EB_NOT_MUTED");
    for (const body of [{}, { id: "a", type: "ALL" }, { key: "stock" }]) {
      expect([body, (await send("POST /api/alerts/unmute", body)).status]).toEqual([body, 400]);
    }
  });

  test.each([
    [{ type: "CUSTOM", duration_seconds: 60, key: "" }, 422, "EB_MUTE_SCOPE"],
    [{ type: "DATABASE_DOWN", duration_seconds: 60 }, 422, "EB_MUTE_NEEDS_REASON"],
    [{ type: "ALL", duration_seconds: 60, reason: " " }, 422, "EB_MUTE_NEEDS_REASON"],
    [{ type: "CUSTOM", duration_seconds: 0 }, 422, "EB_MUTE_DURATION"],
    [{ type: "CUSTOM", duration_seconds: 31 * 86_400 }, 422, "EB_MUTE_DURATION"],
    [{ type: "CUSTOM" }, 400, "EB_INVALID_REQUEST"],
    [{ type: "CUSTOM", duration_seconds: 60, author: "somebody else" }, 400, "EB_INVALID_REQUEST"],
  ])("%j is refused", async (body, status, code) => {
    expect((await send("POST /api/alerts/mute", body)).body).toMatchObject({ status, code });
    expect(alerts.mutes()).toEqual([]);
  });

  test("that does not exist cannot be ended", async () => {
    expect((await send("POST /api/alerts/unmute", { type: "CUSTOM" })).body.code).toBe("EB_NOT_MUTED");
  });
});

describe("a maintenance window", () => {
  const window = { type: "CUSTOM", key: "stock", reason: "new shelves" };
  const weekly = { every: "sun 02:00-04:00", zone: "Europe/Berlin" };

  test("is planned by a login, goes into the security log if it is repeated, is listed and removed", async () => {
    const body = { ...window, schedule: weekly };
    const { body: planned } = await send("POST /api/alerts/maintenance", body);
    expect(planned).toMatchObject({
      ...body,
      route: null,
      author: "Olu (usr_2)",
      is_open: expect.anything(),
    });
    expect(muteEvents).toMatchObject([{ operator: "Olu (usr_2)", result: { type: "CUSTOM", ...weekly } }]);
    expect((await send("GET /api/alerts/maintenance")).body).toEqual({ windows: [planned] });
    const route = `DELETE /api/alerts/maintenance/${planned.id}`;
    expect((await send(route)).body).toMatchObject({ id: planned.id });
    expect((await send(route)).body.code).toBe("EB_MAINTENANCE_UNKNOWN");
  });

  const [from, until] = ["2026-01-05T04:00:00Z", "2026-01-05T05:00:00+05:30"];
  const refused = [
    [{ from, until }, 422, "EB_MAINTENANCE_TIME"],
    [{ ...weekly, every: "whenever" }, 422, "EB_MAINTENANCE_TIME"],
    [{ ...weekly, zone: "Mars/Olympus" }, 422, "EB_TIME_ZONE"],
    [{ ...weekly, from }, 400, "EB_INVALID_REQUEST"],
    [{ from, until: "later" }, 400, "EB_INVALID_REQUEST"],
    [undefined, 400, "EB_INVALID_REQUEST"],
  ] as const;
  test("with an invalid schedule is refused", async () => {
    for (const [schedule, status, code] of refused) {
      const { body } = await send("POST /api/alerts/maintenance", { ...window, schedule });
      expect({ schedule, ...body }).toMatchObject({ schedule, status, code });
    }
    expect(alerts.maintenance()).toEqual([]);
  });
});

describe("a test of the channels", () => {
  test("answers with each channel's result and time", async () => {
    const { status, body } = await send("POST /api/alerts/test");
    expect(status).toBe(200);
    expect(body.channels).toMatchObject([
      { channel: "log", result: "accepted", took_ms: expect.any(Number) },
      { channel: "slack", result: "accepted", took_ms: expect.any(Number), answer: "Slack answered 200: ok" },
    ]);
    expect(slack.messages).toHaveLength(1);
    expect((await send("GET /api/alerts/history")).body.alerts).toEqual([]);
  });

  test("of a channel that refuses returns its answer, without its address", async () => {
    slack.answerWith(
      { status: 404, headers: {}, body: "no_service" },
      { status: 200, headers: {}, body: "ok" },
    );
    const { body } = await send("POST /api/alerts/test", { channel: "slack" });
    expect(body.channels).toMatchObject([
      { channel: "slack", result: "refused", answer: "Slack answered 404: no_service" },
    ]);
    expect(JSON.stringify(body)).not.toContain("secret");
    expect((await send("POST /api/alerts/test", { channel: "fax" })).body.code).toBe("EB_NO_SUCH_CHANNEL");
  });
});
