import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { PassThrough } from "node:stream";
import fastify, { type FastifyInstance } from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { PerformanceMetrics, unmatchedRoute } from "./performance-metrics.ts";
import { recordRequests } from "./recording.ts";

let performance: PerformanceMetrics;
let app: FastifyInstance;

const rows = () =>
  performance.endpoints().map(({ method, route, requests, in_flight, statuses }) => ({
    endpoint: `${method} ${route}`,
    requests,
    in_flight,
    classes: Object.entries(statuses).flatMap(([name, count]) => (count > 0 ? [name] : [])),
  }));

/** A client that asks, and does not wait for the answer. */
const ask = async (path: string) => {
  await app.listen({ port: 0, host: "127.0.0.1" });
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.write(`GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`);
  return client;
};

beforeEach(() => {
  performance = new PerformanceMetrics();
  app = fastify();
});

afterEach(() => app.close());

test("each method of a route is an endpoint, in a scope with a prefix, too", async () => {
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

test("what a later hook refuses counts for its route, and what has no route under one name", async () => {
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

test("routes that were there before are told apart, too", async () => {
  app.get("/before/:id", async () => "fine");
  recordRequests(app, { performance });
  await app.inject("/before/7");
  await expect
    .poll(rows)
    .toEqual([{ endpoint: "GET /before/:id", requests: 1, in_flight: 0, classes: ["2xx"] }]);
});

test("a route's own hooks still run, after it is known", async () => {
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

test("a request is under way until its client goes away, and counts as that, but not as an error", async () => {
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

test("a stream that lasts as long as what it tells of is recorded once, when it begins", async () => {
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

test("a handler that answers past Fastify is recorded when it is done", async () => {
  recordRequests(app, { performance });
  app.get("/raw", (_, reply) => {
    reply.hijack();
    reply.raw.writeHead(204).end();
  });
  await app.inject("/raw");
  await expect.poll(rows).toEqual([{ endpoint: "GET /raw", requests: 1, in_flight: 0, classes: ["2xx"] }]);
});
