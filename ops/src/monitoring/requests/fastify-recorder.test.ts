import { once } from "node:events";
import { ServerResponse } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { PassThrough } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { answerFrameworkError } from "../../http/problems.ts";
import { recordRequests } from "./fastify-recorder.ts";
import { PerformanceMetrics, unmatchedRoute } from "./request-metrics.ts";

let performance: PerformanceMetrics;
let app: FastifyInstance;

const rows = () =>
  performance.endpoints().map(({ method, route, requests, in_flight, statuses }) => ({
    endpoint: `${method} ${route}`,
    requests,
    in_flight,
    classes: Object.entries(statuses).flatMap(([name, count]) => (count > 0 ? [name] : [])),
  }));

/** A client that asks, so many times at once, and does not wait for the answers. */
const ask = async (path: string, { times = 1, headers = "" } = {}) => {
  await app.listen({ port: 0, host: "127.0.0.1" });
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n${headers}\r\n`.repeat(times));
  return client;
};

beforeEach(() => {
  performance = new PerformanceMetrics();
  app = fastify();
});

afterEach(() => app.close());

test("each method of a route is an endpoint, also in a scope with a prefix", async () => {
  recordRequests(app, { performance });
  await app.register(
    async (scope) => {
      scope.route({ method: ["GET", "PUT"], url: "/:id", handler: async () => "fine" });
    },
    { prefix: "/orders" },
  );
  for (const method of ["GET", "PUT", "GET", "HEAD"] as const) await app.inject({ method, url: "/orders/7" });
  await expect.poll(rows).toEqual([
    { endpoint: "GET /orders/:id", requests: 2, in_flight: 0, classes: ["2xx"] },
    { endpoint: "PUT /orders/:id", requests: 1, in_flight: 0, classes: ["2xx"] },
    { endpoint: "HEAD /orders/:id", requests: 1, in_flight: 0, classes: ["2xx"] },
  ]);
});

test("a request refused by a later hook counts for its route, and requests without a route share a name", async () => {
  recordRequests(app, { performance });
  app.addHook("onRequest", async (_, reply) => reply.code(401).send());
  app.get("/orders/:id", async () => "fine");
  await app.inject("/orders/7");
  await app.inject("/nowhere");
  await expect.poll(rows).toEqual([
    { endpoint: "GET /orders/:id", requests: 1, in_flight: 0, classes: ["4xx"] },
    { endpoint: `GET ${unmatchedRoute}`, requests: 1, in_flight: 0, classes: ["4xx"] },
  ]);
});

test("routes registered before the recorder are counted separately, too", async () => {
  app.get("/before/:id", async () => "fine");
  recordRequests(app, { performance });
  await app.inject("/before/7");
  await expect
    .poll(rows)
    .toEqual([{ endpoint: "GET /before/:id", requests: 1, in_flight: 0, classes: ["2xx"] }]);
});

test("a route's own hooks still run on later requests", async () => {
  recordRequests(app, { performance });
  const seen: unknown[] = [];
  const note = async () => void seen.push(rows());
  app.get("/one", { onRequest: note }, async () => "fine");
  app.get("/two", { onRequest: [note, note] }, async () => "fine");
  await app.inject("/one");
  await app.inject("/two");
  expect(seen).toHaveLength(3);
  expect(seen[0]).toMatchObject([{ endpoint: "GET /one", in_flight: 1 }]);
});

test("a request is in flight until its client disconnects, and then counts as 499 and not as an error", async () => {
  recordRequests(app, { performance });
  const reached = new Promise<void>((resolve) => {
    app.get("/slow", () => {
      resolve();
      return new Promise(() => {});
    });
  });
  const client = await ask("/slow");
  await reached;
  expect(rows()).toMatchObject([{ endpoint: "GET /slow", requests: 0, in_flight: 1 }]);
  expect(performance.summary().in_flight).toBe(1);
  client.destroy();
  await expect.poll(rows).toEqual([{ endpoint: "GET /slow", requests: 1, in_flight: 0, classes: ["4xx"] }]);
  expect(performance.summary()).toMatchObject({ errors: 0, in_flight: 0 });
});

test("a client that disconnects during a slow earlier hook does not stay in flight", async () => {
  let hookIsAtIt = () => {};
  const reached = new Promise<void>((resolve) => {
    hookIsAtIt = resolve;
  });
  app.addHook("onRequest", async ({ raw: { socket } }) => {
    hookIsAtIt();
    await once(socket, "close");
    await sleep(1);
  });
  recordRequests(app, { performance });
  app.get("/slow", async () => "too late");
  const client = await ask("/slow");
  await reached;
  client.destroy();
  await expect.poll(rows).toEqual([{ endpoint: "GET /slow", requests: 1, in_flight: 0, classes: ["4xx"] }]);
  expect(performance.summary().in_flight).toBe(0);
});

test("a response aborted by a failing stream counts as a server error, not as a client disconnect", async () => {
  recordRequests(app, { performance });
  const stream = new PassThrough();
  app.get("/export", async () => stream);
  const client = await ask("/export");
  stream.write("first");
  await once(client, "data");
  stream.destroy(new Error("the rest cannot be read"));
  await expect.poll(rows).toEqual([{ endpoint: "GET /export", requests: 1, in_flight: 0, classes: ["5xx"] }]);
  expect(performance.summary()).toMatchObject({ errors: 1, last_error: { status: 500, route: "/export" } });
});

test.each(["destroy", "resetAndDestroy"] as const)(
  "a client that goes away in the middle of an answer (%s) is no failure of ours",
  async (leave) => {
    recordRequests(app, { performance });
    const stream = new PassThrough();
    app.get("/export", async () => stream);
    const client = await ask("/export");
    stream.write("first");
    await once(client, "data");
    client[leave]();
    await expect
      .poll(rows)
      .toEqual([{ endpoint: "GET /export", requests: 1, in_flight: 0, classes: ["4xx"] }]);
    expect(performance.summary().errors).toBe(0);
  },
);

test("a streaming response is recorded once, when it begins", async () => {
  recordRequests(app, { performance });
  const stream = new PassThrough();
  app.get("/events", { config: { streams: true } }, async () => stream);
  const client = await ask("/events");
  stream.write("first");
  await once(client, "data");
  const recorded = [{ endpoint: "GET /events", requests: 1, in_flight: 0, classes: ["2xx"] }];
  expect(rows()).toEqual(recorded);
  const closed = once(stream, "close");
  client.destroy();
  await closed;
  expect(rows()).toEqual(recorded);
});

test("a handler that bypasses Fastify is recorded when it ends", async () => {
  recordRequests(app, { performance });
  app.get("/raw", (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(204).end();
  });
  await app.inject("/raw");
  await expect.poll(rows).toEqual([{ endpoint: "GET /raw", requests: 1, in_flight: 0, classes: ["2xx"] }]);
});

test("each pipelined request ends with its response or when the client disconnects", async () => {
  recordRequests(app, { performance });
  app.get("/quick", async () => "fine");
  let asked = 0;
  app.get("/slow", () => {
    asked++;
    return new Promise(() => {});
  });
  const patient = await ask("/quick", { times: 20 });
  await expect.poll(rows).toEqual([{ endpoint: "GET /quick", requests: 20, in_flight: 0, classes: ["2xx"] }]);
  patient.write("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20));
  await expect.poll(() => asked).toBe(20);
  expect(performance.summary().in_flight).toBe(20);
  patient.destroy();
  await expect
    .poll(rows)
    .toContainEqual({ endpoint: "GET /slow", requests: 20, in_flight: 0, classes: ["4xx"] });
  expect(performance.summary().in_flight).toBe(0);
});

test("a route copied to another path is counted separately", async () => {
  recordRequests(app, { performance });
  app.addHook("onRoute", ({ url, method, onRequest = [], handler }) => {
    if (url === "/new" && method === "GET") app.route({ method, url: "/old", onRequest, handler });
  });
  app.get("/new", async () => "fine");
  await app.inject("/old");
  await app.inject("/old");
  await app.inject("/new");
  await expect.poll(rows).toEqual([
    { endpoint: "GET /old", requests: 2, in_flight: 0, classes: ["2xx"] },
    { endpoint: "GET /new", requests: 1, in_flight: 0, classes: ["2xx"] },
  ]);
});

test("a stream that bypasses Fastify is recorded when it begins, or as an error if it fails before", async () => {
  recordRequests(app, { performance });
  app.get("/raw-events", { config: { streams: true } }, (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(200).write("first");
  });
  app.get("/failing", { config: { streams: true } }, async () => {
    const stream = new PassThrough();
    setImmediate(() => stream.destroy(new Error("nothing to tell")));
    return stream;
  });
  const client = await ask("/raw-events");
  await once(client, "data");
  expect(rows()).toEqual([{ endpoint: "GET /raw-events", requests: 1, in_flight: 0, classes: ["2xx"] }]);
  client.destroy();
  await app.inject("/failing");
  await expect
    .poll(rows)
    .toContainEqual({ endpoint: "GET /failing", requests: 1, in_flight: 0, classes: ["5xx"] });
});

test("a WebSocket is in flight while it lasts and is not recorded", async () => {
  recordRequests(app, { performance });
  app.get("/socket", (request, reply) => {
    if (!request.headers.authorization) return reply.code(401).send();
    reply.hijack();
    request.raw.socket.write("HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\n\r\n");
  });
  app.server.on("upgrade", (request, socket: Socket) => {
    const response = new ServerResponse(request);
    response.assignSocket(socket.resume().once("end", () => socket.destroy()));
    app.routing(request, response);
  });
  const upgrade = "connection: upgrade\r\nupgrade: websocket\r\n";
  const client = await ask("/socket", { headers: `${upgrade}authorization: a\r\n` });
  await once(client, "data");
  expect(performance.summary().in_flight).toBe(1);
  client.destroy();
  await expect.poll(() => performance.summary()).toMatchObject({ requests: 0, in_flight: 0 });
  const refused = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  refused.write(`GET /socket HTTP/1.1\r\nhost: a\r\n${upgrade}\r\n`);
  await once(refused, "data");
  refused.destroy();
  await expect.poll(rows).toEqual([{ endpoint: "GET /socket", requests: 1, in_flight: 0, classes: ["4xx"] }]);
});

test("a request refused by Fastify before any hook counts as unmatched", async () => {
  await app.close();
  app = fastify({ frameworkErrors: answerFrameworkError, routerOptions: { maxParamLength: 10 } });
  app.decorateReply("problemCode");
  recordRequests(app, { performance });
  app.get("/orders/:id", async () => "fine");
  for (const path of ["/orders/%zz", `/orders/${"7".repeat(20)}`]) await app.inject(path);
  await expect
    .poll(rows)
    .toEqual([{ endpoint: `GET ${unmatchedRoute}`, requests: 2, in_flight: 0, classes: ["4xx"] }]);
});
