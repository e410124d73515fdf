import { once } from "node:events";
import { connect } from "node:net";
import { AlertType } from "@earlybird-ops/platform/alerts";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, startApi } from "../../test/support/api.ts";
import { changes } from "./changes/index.ts";
import { oldRoutes } from "./http/old-routes.ts";
import { routeTraffic } from "./http/route-traffic.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

describe("the documentation", () => {
  test("describes every route, also those of the platform, with its roles", async () => {
    const { openapi, paths } = await api.ask("GET /api/openapi.json");
    expect(openapi).toBe("3.1.0");
    expect(paths["/api/orders"].post.description).toContain("support");
    expect(paths["/api/auth/login"].post.security).toEqual([]);
    expect(paths["/api/health/detailed"]).toBeDefined();
    expect(paths["/api/orders/create"]).toBeUndefined();
    const body = paths["/api/orders"].post.requestBody.content["application/json"].schema;
    expect(body).toMatchObject({ additionalProperties: false, required: ["delivery_date", "items"] });
  });

  test("says of every route whether it needs a login", async () => {
    const { paths, components } = await api.ask("GET /api/openapi.json");
    const routes = Object.entries<Record<string, { security?: object[] }>>(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({ route: `${method} ${path}`, security })),
    );
    expect(routes.length).toBeGreaterThan(60);
    const open = routes.filter(({ security }) => security?.length === 0).map(({ route }) => route);
    expect(open.sort()).toEqual([
      "delete /api/console/session",
      "get /api/console/login",
      "get /api/console/session",
      "get /api/health",
      "get /api/shared-links/{token}",
      "get /livez",
      "get /readyz",
      "post /api/auth/accept-invitation",
      "post /api/auth/login",
      "post /api/auth/password-reset",
      "post /api/auth/password-reset/confirm",
      "post /api/auth/refresh",
      "post /api/auth/register",
      "post /api/console/session/renew",
      "post /api/shared-links/{token}/confirm",
    ]);
    for (const { route, security } of routes) {
      if (!open.includes(route)) expect([route, security]).toEqual([route, [{ bearer: [] }]]);
    }
    expect(Object.keys(components.securitySchemes)).toEqual(["bearer"]);
  });

  test("is a page whose parts all come from here, as its security policy demands", async () => {
    const page = await api.send("GET /api/docs/");
    expect(page.headers["content-type"]).toContain("text/html");
    const policy = String(page.headers["content-security-policy"]);
    expect(policy).toContain("default-src 'self'");
    expect(policy).not.toContain("upgrade-insecure-requests");
    expect(page.body).not.toMatch(/<script(?![^>]*\bsrc=)/);
    const parts = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path ?? "");
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) {
      const { pathname, host } = new URL(part, "http://here/api/docs/");
      expect(host).toBe("here");
      expect((await api.send(`GET ${pathname}`)).statusCode).toBe(200);
    }
  });
});

describe("the console", () => {
  test("is where the front page leads, and knows its addresses from any depth", async () => {
    expect((await api.send("GET /")).headers.location).toBe("console");
    for (const path of ["/console", "/console/", "/console/changes/23"])
      expect((await api.send(`GET ${path}`)).body).toContain("<base href=");
  });

  test("logs in by the API's own login", async () => {
    expect(await api.ask("GET /api/console/login")).toEqual({
      title: "EarlyBird",
      login: { kind: "password", url: "/api/auth/login" },
    });
    const session = await api.ask("POST /api/console/session", { as: "admin", body: {} });
    expect(session).toMatchObject({ role: "admin", time_zone: "UTC", units: { paise: { currency: "INR" } } });
  });

  test("hides no address of the API, and takes none that is not its own", async () => {
    expect(await api.refusal("GET /api/nothing")).toEqual([404, "EB_ROUTE_NOT_FOUND"]);
    expect(await api.refusal("POST /console")).toEqual([404, "EB_ROUTE_NOT_FOUND"]);
  });

  test("turns customers away without an alert", async () => {
    expect(await api.refusal("POST /api/console/session", { as: "customer", body: {} })).toEqual([
      403,
      "EB_CONSOLE_FORBIDDEN",
    ]);
    expect(api.alerts.active()).toEqual([]);
  });
});

test("every route and type of alert that a change affects exists", () => {
  const routes = new Set(changes.flatMap(({ affects }) => affects?.routes ?? []));
  const missing = [...routes].filter((route) => {
    const [method = "", url = ""] = route.split(" ");
    return !api.app.hasRoute({ method: method as "GET", url });
  });
  expect(missing).toEqual([]);
  const types = new Set(changes.flatMap(({ affects }) => affects?.alerts ?? []));
  expect([...types].filter((type) => !(type in AlertType))).toEqual([]);
  expect(changes.filter(({ affects, whileRolledBack }) => !affects || !whileRolledBack)).toEqual([]);
});

describe("the old paths", () => {
  test.each(oldRoutes)("$method $from sends on to $to with its query", async ({ method, from, to }) => {
    const answer = await api.send(`${method} ${from.replace(":id", "ord_1")}?limit=2&status=A%20B`);
    expect(answer.statusCode).toBe(308);
    expect(answer.headers.location).toBe(`${to.replace(":id", "ord_1")}?limit=2&status=A%20B`);
    expect(api.app.hasRoute({ method, url: to })).toBe(true);
  });

  test("count for themselves: who still uses them is known before step 28 is touched", async () => {
    const requestsOf = (asked: string) => routeTraffic().find(({ route }) => route === asked)?.requests ?? 0;
    const before = ["GET /api/orders/list", "GET /api/orders"].map(requestsOf);
    await api.send("GET /api/orders/list");
    await expect
      .poll(() => ["GET /api/orders/list", "GET /api/orders"].map(requestsOf))
      .toEqual([(before[0] ?? 0) + 1, before[1]]);
  });

  test("an id cannot lead anywhere else", async () => {
    const { headers } = await api.send("GET /api/orders/details/..%2F..%2Fusers");
    expect(headers.location).toBe("/api/orders/..%2F..%2Fusers");
  });
});

test("a flood from one address is turned away, others are served", async () => {
  const from = (remoteAddress: string) => api.send("GET /api/products/all", { remoteAddress });
  for (let request = 0; request < 3_000; request += 1) await from("203.0.113.50");
  const answer = await from("203.0.113.50");
  expect([answer.statusCode, answer.json().code]).toEqual([429, "EB_TOO_MANY_REQUESTS"]);
  expect(Number(answer.headers["retry-after"])).toBeGreaterThan(0);
  expect((await from("203.0.113.51")).statusCode).toBe(308);
  for (const other of ["GET /api/alerts/active", "GET /api/docs/", "GET /api/openapi.json"])
    expect([other, (await api.send(other, { remoteAddress: "203.0.113.50" })).statusCode]).toEqual([
      other,
      429,
    ]);
  expect((await api.send("GET /livez", { remoteAddress: "203.0.113.50" })).statusCode).toBe(200);
});

test.each([
  ["a body that comes too slowly", "content-length: 900\r\n\r\n{", 408, "EB_REQUEST_TOO_SLOW"],
  ["headers without end", `x: ${"x".repeat(20_000)}\r\n`, 431, "EB_HEADERS_TOO_LARGE"],
  ["something else than HTTP", "no header\r\n\r\n", 400, "EB_NOT_HTTP"],
])("%s ends the connection with a problem", async (_, sent, status, code) => {
  expect(api.app.server).toMatchObject({ requestTimeout: 30_000, headersTimeout: 10_000 });
  const other = await startApi({ beside: api });
  other.app.server.requestTimeout = 100;
  other.app.server.headersTimeout = 50;
  const { port } = new URL(await other.app.listen({ port: 0, host: "127.0.0.1" }));
  const socket = connect(Number(port), "127.0.0.1");
  socket.write(`POST /api/auth/login HTTP/1.1\r\nhost: here\r\ncontent-type: application/json\r\n${sent}`);
  const [answer] = await once(socket, "data");
  const [head = "", body = ""] = String(answer).split("\r\n\r\n");
  expect([head.split(" ")[1], JSON.parse(body).code]).toEqual([String(status), code]);
  await once(socket, "close");
  await other.stop();
});
