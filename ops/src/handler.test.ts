import { once } from "node:events";
import { rm } from "node:fs/promises";
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import Router from "@koa/router";
import express from "express";
import Koa from "koa";
import { afterEach, describe, expect, test } from "vitest";
import { logLines } from "../../test/support/log-lines.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createOpsHandler, type OpsHandler } from "./handler.ts";
import { readMonitoringSettings } from "./settings/monitoring-settings.ts";
import { type RunningMonitoring, startMonitoring } from "./start-monitoring.ts";

const express4 = createRequire(import.meta.url)("express4") as typeof express;

const token = "0123456789abcdef0123456789abcdef";
const asOperator = { authorization: `Bearer ${token}`, "content-type": "application/json" };

let dataDir: string;
let observed: RunningMonitoring;
let ops: OpsHandler;
let server: Server;
let url: string;

/** A service that watches itself without a database. */
const serve = async (create: () => RequestListener) => {
  dataDir = await makeTemporaryDirectory();
  const settings = readMonitoringSettings(
    { OPERATOR_TOKEN: token, ALERT_REFUSALS: "3", ALERT_FAILED_LOGINS: "2" },
    "/nowhere/.env",
  );
  observed = await startMonitoring({ version: "1.2.3", settings, dataDir, log: logLines().log });
  const account = (request: IncomingMessage & { body?: { email?: string } }) => request.body?.email;
  const login = { route: "POST /login", account };
  ops = await createOpsHandler({ ...observed, login, excludeFromRates: ["/orgs/:org"] });
  server = createServer(create());
  await once(server.listen(0, "127.0.0.1"), "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await ops.close();
  await observed.stop();
  await rm(dataDir, { recursive: true });
});

const ask = async (path: string, init: RequestInit = {}) => {
  const response = await fetch(url + path, init);
  return { status: response.status, text: await response.text() };
};
const post = (path: string, body: object, headers: Record<string, string> = {}) =>
  ask(path, { method: "POST", headers: { ...asOperator, ...headers }, body: JSON.stringify(body) });
const muteCpu = { type: "HIGH_CPU", reason: "a load test", duration_seconds: 60 };

const rows = () =>
  observed.monitoring.performance
    .endpoints()
    .map(({ method, route, requests }) => `${requests} ${method} ${route}`)
    .sort();

const expressApp = (from: typeof express) => () => {
  const app = from();
  app.use(ops.handler);
  app.use(from.json());
  const teams = from.Router().get("/:id", (_, response) => void response.send("team"));
  const orgs = from.Router().use("/teams", teams);
  orgs.get("/", (_, response) => void response.send("org"));
  app.use("/orgs/:org", orgs);
  for (const name of ["a", "b"]) {
    app.use(
      `/api/${name}`,
      from.Router().get("/:id", (_, response) => void response.send("one")),
    );
  }
  app.use(
    "/shops/:shop",
    from().get("/:id", (_, response) => void response.send("in a mounted app")),
  );
  app.post("/login", ({ headers }, response) => void response.sendStatus(headers["x-right"] ? 200 : 401));
  app.get("/private", (_, response) => void response.sendStatus(403));
  return app;
};

const koaApp = () => {
  const answer = (text: string) => (context: { body: unknown }) => {
    context.body = text;
  };
  const refuse = (status: number) => (context: { status: number; headers: IncomingHttpHeaders }) => {
    context.status = context.headers["x-right"] ? 200 : status;
  };
  const router = new Router();
  router.get("/orgs/:org", answer("org"));
  router.use("/orgs/:org/teams", new Router().get("/:id", answer("team")).routes());
  for (const name of ["a", "b"]) {
    router.use(`/api/${name}`, new Router().get("/:id", answer("one")).routes());
  }
  router.get("/shops/:shop/:id", answer("in a mounted app"));
  router.post("/login", refuse(401));
  router.get("/private", refuse(403));
  return new Koa().use(ops.koa).use(router.routes()).callback();
};

describe.each<[string, () => RequestListener, string | undefined]>([
  ["Express 5", expressApp(express), "asha@example.com"],
  ["Express 4", expressApp(express4), "asha@example.com"],
  ["Koa", koaApp, undefined],
])("in %s", (_, create, account) => {
  test("the platform answers its own paths and watches all others", async () => {
    await serve(create);
    expect(await ask("/readyz")).toMatchObject({ status: 200 });
    expect(await ask("/readyz/x")).toMatchObject({ status: 404 });
    expect(await post("/readyz", {})).toMatchObject({ status: 404 });
    expect(await ask("/api/alerts/summary")).toMatchObject({ status: 401 });
    expect(await post("/api/alerts/mute", muteCpu)).toMatchObject({ status: 200 });
    expect(observed.alerts.mutes()).toMatchObject([{ type: "HIGH_CPU" }]);

    for (const path of ["/orgs/1", "/orgs/2", "/orgs/orgs/teams/7", "/api/a/1", "/api/b/1", "/shops/1/2"])
      expect(await ask(path)).toMatchObject({ status: 200 });
    for (let n = 0; n < 3; n++) expect(await ask("/private")).toMatchObject({ status: 403 });
    for (let n = 0; n < 2; n++) await post("/login", { email: "asha@example.com" });
    await post("/login", { email: "asha@example.com" }, { "x-right": "yes" });

    const details = { address: "127.0.0.1", last_route: "POST /login", ...(account && { account }) };
    await expect
      .poll(() => observed.alerts.active())
      .toMatchObject([
        { type: "SECURITY_ALERT", details: { address: "127.0.0.1", last_route: "GET /private" } },
        { type: "SECURITY_ALERT", severity: "warning", details },
        { type: "SECURITY_ALERT", severity: "critical", details },
      ]);
    expect(rows()).toEqual([
      "1 GET (unmatched)",
      "1 GET /api/a/:id",
      "1 GET /api/alerts/summary",
      "1 GET /api/b/:id",
      "1 GET /orgs/:org/teams/:id",
      "1 GET /readyz",
      "1 GET /shops/:shop/:id",
      "1 POST (unmatched)",
      "1 POST /api/alerts/mute",
      "2 GET /orgs/:org",
      "3 GET /private",
      "3 POST /login",
    ]);
    // Without those of /orgs/:org and of the platform.
    expect(observed.monitoring.performance.summary()).toMatchObject({ requests: 12, in_flight: 0 });
  });
});

test("below a path, after a body parser, the platform still gets bodies, and all requests are recorded once", async () => {
  await serve(() => {
    const app = express();
    app.use(express.json());
    app.use(ops.record);
    app.use("/ops", ops.handler);
    return app.get("/", (_, response) => void response.send("home"));
  });
  expect(await ask("/")).toMatchObject({ text: "home" });
  expect(await ask("/livez")).toMatchObject({ status: 404 });
  expect(await ask("/ops/livez")).toMatchObject({ status: 200 });
  expect(await ask("/ops/none")).toMatchObject({ status: 404 });
  expect(await post("/ops/api/alerts/mute", muteCpu)).toMatchObject({ status: 200 });
  expect(rows()).toEqual(["1 GET /", "1 GET /livez", "1 POST /api/alerts/mute", "2 GET (unmatched)"]);
});

test("with node:http, a body that was read before is an error, not a request that hangs", async () => {
  await serve(() => async (request, response) => {
    if (request.headers["x-read"]) for await (const _ of request);
    if (!ops.handle(request, response)) response.end("mine");
  });
  expect(await ask("/any")).toMatchObject({ text: "mine" });
  expect(await post("/api/alerts/mute", muteCpu)).toMatchObject({ status: 200 });
  const late = { method: "POST", headers: { ...asOperator, "x-read": "yes" }, body: "{}" };
  const { status, text } = await ask("/api/alerts/mute", late);
  expect([status, JSON.parse(text).code]).toEqual([500, "EB_BODY_CONSUMED"]);
});

test("the console opens with the operator's token", async () => {
  await serve(() => (request, response) => void ops.handle(request, response));
  const { status, text } = await ask("/api/console/session", {
    method: "POST",
    headers: asOperator,
    body: "{}",
  });
  expect([status, JSON.parse(text)]).toMatchObject([200, { role: "admin", features: { rollback: false } }]);
});
