import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import fastify, { type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createAlerts } from "../../test/support/alerts.ts";
import { quiet } from "../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../test/support/shelf.ts";
import type { AlertManager } from "./alerts/index.ts";
import { liveRoute } from "./console/index.ts";
import { systemClock } from "./core/clock.ts";
import { Failure } from "./core/failure.ts";
import { problems } from "./http/problems.ts";
import { liveSources } from "./live-sources.ts";
import {
  DatabaseHealthChecker,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "./monitoring/index.ts";

let shelf: Shelf;
let monitoring: MonitoringService;
let alerts: AlertManager;
let stopAlerts: () => Promise<void>;
let app: FastifyInstance;
let loginFails: Failure | undefined;

const start = async () => {
  const service = fastify();
  service.setValidatorCompiler(validatorCompiler);
  service.setSerializerCompiler(serializerCompiler);
  await service.register(problems, { isDatabaseUnavailable: () => false });
  await service.register(liveRoute, {
    sources: liveSources({ monitoring, alerts, version: "1.2.3", rollback: shelf.manager }),
    clock: systemClock,
    log: quiet,
    lookEveryMs: 20,
    heartbeatEveryMs: 20,
    authorizeEveryMs: 20,
    operatorOnly: async () => {
      if (loginFails) throw loginFails;
    },
  });
  await service.listen({ port: 0, host: "127.0.0.1" });
  return service;
};

beforeAll(async () => {
  shelf = await createShelf();
  monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool: shelf.pool }),
    system: new SystemMetrics(),
    performance: new PerformanceMetrics(),
    log: quiet,
    intervalMs: 50,
    failingIntervalMs: 50,
  });
  ({ alerts, stop: stopAlerts } = await createAlerts());
  await monitoring.start();
  app = await start();
}, 60_000);
beforeEach(() => {
  loginFails = undefined;
});
afterAll(async () => {
  await app?.close();
  await monitoring?.stop();
  await stopAlerts?.();
  await shelf?.drop();
});

interface Message {
  id?: string;
  event: string;
  // biome-ignore lint/suspicious/noExplicitAny: as JSON comes
  data: any;
}

const parse = (block: string): Message => {
  const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
  return { ...fields, data: JSON.parse(fields.data) };
};

/** Reads a stream until it ends or is left. */
const follow = async (service = app, headers: Record<string, string> = {}) => {
  const { port } = service.server.address() as AddressInfo;
  const request = get({ host: "127.0.0.1", port, path: "/api/live", headers, agent: false });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  expect(response.headers["content-type"]).toContain("text/event-stream");
  const messages: Message[] = [];
  const read = async () => {
    let text = "";
    for await (const chunk of response) {
      text += String(chunk);
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      messages.push(...blocks.map(parse));
    }
  };
  const ended = read().catch((error: Error) => error.message);
  const of = (event: string) => messages.filter((message) => message.event === event).map(({ data }) => data);
  return { messages, of, ended, leave: () => request.destroy() };
};

test("a stream begins with a snapshot and continues with each change", async () => {
  alerts.raise({ type: "CUSTOM", key: "early", message: "It burns." });
  await shelf.manager.rollbackStep(2, { reason: "practice", requestedBy: "test", origin: "test" });
  const { messages, of, leave } = await follow();
  await expect
    .poll(() => messages[0])
    .toMatchObject({
      event: "snapshot",
      id: expect.any(String),
      data: {
        server_time: expect.any(String),
        health: { status: "healthy", version: "1.2.3", system: { cpu_percent: expect.any(Number) } },
        alerts: [{ key: "early", state: "firing" }],
        mutes: [],
        operation: { kind: "rollback", steps: [2], state: "completed" },
        progress: null,
      },
    });
  alerts.raise({ type: "CUSTOM", key: "late", message: "It rains." });
  await expect.poll(() => of("alert")).toMatchObject([{ change: "began", alert: { key: "late" } }]);
  alerts.resolve("CUSTOM", "late");
  await expect.poll(() => of("alert")).toMatchObject([{}, { change: "ended", alert: { key: "late" } }]);
  await alerts.mute({ type: "HIGH_CPU", duration_seconds: 60, author: "Olu" });
  await expect.poll(() => of("mute")).toMatchObject([{ change: "began", mute: { author: "Olu" } }]);
  await shelf.manager.reapplyStep(2, { reason: "practice", requestedBy: "test", origin: "test" });
  await expect.poll(() => of("operation").at(-1)).toMatchObject({ kind: "reapply", state: "completed" });
  const orders = monitoring.performance.endpoint("GET", "/orders");
  for (const status of [200, 500]) orders.record(status, 10);
  await expect
    .poll(() => of("slice").flatMap(({ routes }) => routes))
    .toEqual([{ route: "/orders", method: "GET", requests: 2, errors: 1, mean_ms: 10 }]);
  expect(of("health")[0]).toMatchObject({ status: "healthy" });
  expect(of("heartbeat").length).toBeGreaterThan(1);
  leave();
});

test("a client that was cut off gets what it has missed, and no snapshot", async () => {
  const first = await follow();
  await expect.poll(() => first.messages.length).toBeGreaterThan(1);
  first.leave();
  await first.ended;
  const lastEventId = first.messages.findLast(({ id }) => id !== undefined)?.id ?? "";
  alerts.raise({ type: "CUSTOM", key: "missed", message: "It snows." });
  const second = await follow(app, { "last-event-id": lastEventId });
  await expect.poll(() => second.of("alert")).toMatchObject([{ alert: { key: "missed" } }]);
  expect(second.of("snapshot")).toEqual([]);
  second.leave();
  const stranger = await follow(app, { "last-event-id": "elsewhere-7" });
  await expect.poll(() => stranger.of("snapshot")).toHaveLength(1);
  stranger.leave();
});

test("a stream ends with its login, and outlasts an unavailable database", async () => {
  const { of, ended } = await follow();
  loginFails = new Failure("EB_DATABASE_UNAVAILABLE", 503, "No database.", "Try again.");
  const before = of("heartbeat").length;
  await expect.poll(() => of("heartbeat").length).toBeGreaterThan(before + 3);
  expect(of("end")).toEqual([]);
  loginFails = new Failure("EB_TOKEN_EXPIRED", 401, "It has expired.", "Log in.");
  await ended;
  expect(of("end")).toEqual([{ code: "EB_TOKEN_EXPIRED" }]);
  expect((await app.inject("/api/live")).json()).toMatchObject({ status: 401, code: "EB_TOKEN_EXPIRED" });
});

test("a server that stops ends its streams", async () => {
  const service = await start();
  const { messages, ended } = await follow(service);
  await expect.poll(() => messages.length).toBeGreaterThan(0);
  await service.close();
  expect(await ended).toBeUndefined();
});
