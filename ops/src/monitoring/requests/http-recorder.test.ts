import { once } from "node:events";
import { createServer, type IncomingMessage, type RequestListener, request, type Server } from "node:http";
import { type AddressInfo, connect } from "node:net";
import fastify from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { recordRequests } from "./fastify-recorder.ts";
import { type RouteOf, recordServer } from "./http-recorder.ts";
import { overflowRoute, PerformanceMetrics, unmatchedRoute } from "./request-metrics.ts";

let performance: PerformanceMetrics;
let server: Server | undefined;

const listen = async (answer: RequestListener, routeOf?: RouteOf) => {
  server = createServer(answer);
  const end = recordServer(server, { performance }, routeOf ? { routeOf } : {});
  await once(server.listen(0, "127.0.0.1"), "listening");
  return end;
};

const portOf = (listening: Server | undefined): number => {
  const address = listening?.address() as AddressInfo | undefined;
  return address?.port ?? 0;
};

const get = async (path: string): Promise<void> => {
  const port = portOf(server);
  const [response] = (await once(request({ port, path, host: "127.0.0.1" }).end(), "response")) as [
    IncomingMessage,
  ];
  await once(response.resume(), "end");
};

/** Asks for many paths over one connection, a hundred of them at a time. */
const getAll = async (port: number, paths: readonly string[]): Promise<void> => {
  const socket = connect(port, "127.0.0.1").setEncoding("latin1");
  const ask = (from: number) => {
    const some = paths.slice(from, from + 100);
    socket.write(some.map((path) => `GET ${path} HTTP/1.1\r\nhost: a\r\n\r\n`).join(""));
  };
  ask(0);
  let answered = 0;
  let rest = "";
  for await (const chunk of socket) {
    const [first = "", ...others] = (rest + chunk).split("HTTP/1.1 ");
    rest = others.at(-1) ?? first;
    answered += others.length;
    if (others.length > 0 && answered % 100 === 0) ask(answered);
    if (answered === paths.length) break;
  }
  socket.destroy();
};

const rawPaths = Array.from({ length: 10_000 }, (_, n) => `/orders/${n}?at=${n}`);

const rows = () =>
  performance.endpoints().map(({ method, route, requests, errors }) => [method, route, requests, errors]);

beforeEach(() => {
  performance = new PerformanceMetrics();
});

afterEach(() => {
  server?.closeAllConnections();
  server?.close();
  server = undefined;
});

test("requests to a node:http server count under the route that handled them", async () => {
  const routes = new WeakMap<IncomingMessage, string>();
  await listen(
    (request, response) => {
      if (request.url?.startsWith("/orders/")) routes.set(request, "/orders/:id");
      response.writeHead(routes.has(request) ? 200 : 500).end();
    },
    (request) => routes.get(request),
  );
  for (const path of ["/orders/1", "/orders/2", "/elsewhere"]) await get(path);
  await expect.poll(rows).toEqual([
    ["GET", "/orders/:id", 2, 0],
    ["GET", unmatchedRoute, 1, 1],
  ]);
  expect(performance.summary().in_flight).toBe(0);
});

test("routes excluded from rates count only for themselves", async () => {
  server = createServer((_, response) => response.end());
  recordServer(server, { performance }, { routeOf: ({ url }) => url, excludeFromRates: ["/healthz"] });
  await once(server.listen(0, "127.0.0.1"), "listening");
  for (const path of ["/healthz", "/orders", "/healthz"]) await get(path);
  await expect.poll(rows).toEqual([
    ["GET", "/healthz", 2, 0],
    ["GET", "/orders", 1, 0],
  ]);
  expect(performance.summary().requests).toBe(1);
});

test("a client disconnect counts as 499 at any time, and the request is in flight until then", async () => {
  let asked = () => {};
  const reached = new Promise<void>((resolve) => {
    asked = resolve;
  });
  await listen(() => asked());
  const client = connect(portOf(server), "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n");
  await reached;
  expect(performance.summary()).toMatchObject({ requests: 0, in_flight: 1 });
  client.destroy();
  await expect.poll(() => performance.summary()).toMatchObject({ requests: 1, errors: 0, in_flight: 0 });
  expect(performance.summary().statuses).toMatchObject({ "4xx": 1 });
});

test("10,000 different URLs are one series, or as many as the limit allows if used as routes", async () => {
  await listen((_, response) => response.end());
  await getAll(portOf(server), rawPaths);
  await expect.poll(rows).toEqual([["GET", unmatchedRoute, 10_000, 0]]);
  server?.close();
  server?.closeAllConnections();

  performance = new PerformanceMetrics({ maxEndpoints: 100 });
  await listen(
    (_, response) => response.end(),
    ({ url }) => url,
  );
  await getAll(portOf(server), rawPaths);
  await expect.poll(() => performance.summary().requests).toBe(10_000);
  expect(rows()).toHaveLength(101);
  expect(rows()).toContainEqual(["*", overflowRoute, 9_900, 0]);
});

test("with Fastify there is one series per route, and one for unmatched requests", async () => {
  const app = fastify();
  recordRequests(app, { performance });
  app.get("/orders/:id", async () => "");
  await app.listen({ port: 0, host: "127.0.0.1" });
  await getAll(portOf(app.server), [...rawPaths, ...rawPaths.map((path) => `/nowhere${path}`)]);
  await expect.poll(rows).toEqual([
    ["GET", "/orders/:id", 10_000, 0],
    ["GET", unmatchedRoute, 10_000, 0],
  ]);
  await app.close();
});

test("nothing is recorded after the recorder is stopped", async () => {
  const end = await listen((_, response) => response.end());
  await get("/");
  await expect.poll(() => performance.summary().requests).toBe(1);
  end();
  await get("/");
  expect(performance.summary().requests).toBe(1);
});

test("an exception in routeOf counts as an unmatched route", async () => {
  await listen(
    (_, response) => response.end(),
    () => {
      throw new TypeError("there is no route");
    },
  );
  await get("/");
  await expect.poll(rows).toEqual([["GET", unmatchedRoute, 1, 0]]);
});

test("requests queued behind another response end when their client disconnects", async () => {
  let asked = 0;
  await listen(() => void asked++);
  const client = connect(portOf(server), "127.0.0.1");
  client.write("GET / HTTP/1.1\r\nhost: a\r\n\r\n".repeat(20));
  await expect.poll(() => asked).toBe(20);
  client.destroy();
  await expect.poll(() => performance.summary()).toMatchObject({ requests: 20, in_flight: 0 });
});
