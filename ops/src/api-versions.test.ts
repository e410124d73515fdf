import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import swagger from "@fastify/swagger";
import express from "express";
import fastify, { type FastifyRequest } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";
import Koa from "koa";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { logLines } from "../../test/support/log-lines.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { createOpsHandler, type OpsHandler } from "./handler.ts";
import earlybird, { describeProblems, problems } from "./index.ts";
import { readMonitoringSettings } from "./settings/monitoring-settings.ts";
import { type RunningMonitoring, startMonitoring } from "./start-monitoring.ts";

const apiVersions = [{ date: "2026-11-01" }, { date: "2026-08-01", sunset: "2027-03-01" }];
const newest = { "earlybird-version": "2026-11-01" };
const unknown = { "earlybird-version": "2026-05-01" };

let dataDir: string;
let observed: RunningMonitoring;
const closing: (() => Promise<unknown> | unknown)[] = [];

beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  const settings = readMonitoringSettings({}, "/nowhere/.env");
  observed = await startMonitoring({ version: "1.2.3", settings, dataDir, log: logLines().log });
});

afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
  await observed.stop();
  await rm(dataDir, { recursive: true });
});

/** Of the responses, what concerns versions. */
const seen = (status: number, headers: Headers, body: unknown) => ({
  status,
  version: headers.get("earlybird-version"),
  deprecation: headers.get("deprecation"),
  sunset: headers.get("sunset"),
  vary: headers.get("vary"),
  body,
});

const older = {
  status: 200,
  version: "2026-08-01",
  deprecation: "@1793491200",
  sunset: "Mon, 01 Mar 2027 00:00:00 GMT",
  vary: "EarlyBird-Version",
  body: { is: "2026-08-01" },
};
const newer = {
  ...older,
  version: "2026-11-01",
  deprecation: null,
  sunset: null,
  body: { is: "2026-11-01" },
};
const refused = {
  status: 406,
  version: null,
  deprecation: null,
  sunset: null,
  vary: "EarlyBird-Version",
  body: {
    title: "Not Acceptable",
    code: "EB_API_VERSION_NOT_SERVED",
    served: ["2026-11-01", "2026-08-01"],
  },
};

const requestsOf = (route: string) =>
  observed.monitoring.performance.endpoints().find((each) => each.route === route)?.requests;

describe("with the plugin", () => {
  const build = async (pinned?: (request: FastifyRequest) => Promise<string | null> | string | null) => {
    const app = fastify();
    closing.push(() => app.close());
    app.decorateRequest("user", "");
    await app.register(problems);
    await app.register(swagger, { openapi: {}, transform: describeProblems(jsonSchemaTransform) });
    const pinnedVersion = pinned && { pinnedVersion: pinned };
    await app.register(earlybird, { ...observed, version: "1.2.3", apiVersions, ...pinnedVersion });
    await app.register(async (api) => {
      api.addHook("onRequest", async (request) => {
        if (request.headers.authorization === "refused") throw new Error("no login");
        Object.assign(request, { user: request.headers.authorization });
      });
      api.get("/orders", async ({ apiVersion }) => ({ is: apiVersion }));
      api.get("/varied", async ({ apiVersion }, reply) =>
        reply.header("vary", "Origin").send({ is: apiVersion }),
      );
    });
    await app.ready();
    return app;
  };
  const ask = async (
    app: Awaited<ReturnType<typeof build>>,
    headers: Record<string, string>,
    url = "/orders",
  ) => {
    const { statusCode, headers: answered, json } = await app.inject({ url, headers });
    return seen(statusCode, new Headers(answered as Record<string, string>), json());
  };

  test("a request names its version, else gets the oldest; an unknown one is refused with the list", async () => {
    const app = await build();
    expect(await ask(app, {})).toEqual(older);
    expect(await ask(app, newest)).toEqual(newer);
    expect(await ask(app, { "earlybird-version": "2026-08-01" })).toEqual(older);
    expect(await ask(app, unknown)).toMatchObject(refused);
    expect(await ask(app, newest, "/varied")).toMatchObject({ ...newer, vary: "Origin, EarlyBird-Version" });
    expect(await ask(app, newest, "/nowhere")).toMatchObject({ status: 404, version: null });
    const head = await app.inject({ method: "HEAD", url: "/orders", headers: newest });
    expect(head.headers).toMatchObject({ "earlybird-version": "2026-11-01", vary: "EarlyBird-Version" });
    expect(requestsOf("/orders")).toBe(4);
  });

  test("a login pins the version of requests that name none", async () => {
    const app = await build(async (request) => {
      const { user } = request as FastifyRequest & { user?: string };
      return user === "Asha" ? "2026-11-01" : null;
    });
    expect(await ask(app, { authorization: "Asha" })).toEqual(newer);
    expect(await ask(app, { authorization: "Asha", "earlybird-version": "2026-08-01" })).toEqual(older);
    expect(await ask(app, { authorization: "Asha", ...unknown })).toMatchObject(refused);
    expect(await ask(app, { authorization: "Ravi" })).toEqual(older);
    expect(await ask(app, { authorization: "refused" })).toMatchObject({ status: 500, version: null });
  });

  test("the platform's own routes have no version", async () => {
    const app = await build();
    const { statusCode, headers } = await app.inject({ url: "/livez", headers: unknown });
    expect(statusCode).toBe(200);
    expect(headers).not.toHaveProperty("vary");
    expect(headers).not.toHaveProperty("earlybird-version");
  });

  test("the OpenAPI document names the header for the routes of the service only", async () => {
    const document = (await build()).swagger() as unknown as {
      paths: Record<string, { get: { parameters?: object[]; responses: object } }>;
    };
    expect(document.paths["/orders"]?.get.parameters).toEqual([
      expect.objectContaining({ name: "EarlyBird-Version", in: "header", required: false }),
    ]);
    expect(document.paths["/orders"]?.get.responses).toHaveProperty("406");
    expect(document.paths["/api/health"]?.get.parameters).toBeUndefined();
    expect(document.paths["/api/health"]?.get.responses).not.toHaveProperty("406");
  });

  test("more than two versions are refused at the start", async () => {
    const app = fastify();
    const three = [...apiVersions, { date: "2026-05-01" }];
    await expect(
      app.register(earlybird, { ...observed, version: "1.2.3", apiVersions: three }),
    ).rejects.toMatchObject({ code: "EB_API_VERSIONS" });
  });
});

const answerPlainly = (request: IncomingMessage, response: ServerResponse) =>
  void response.setHeader("content-type", "application/json").end(JSON.stringify({ is: request.apiVersion }));

const withExpress = (ops: OpsHandler) =>
  express()
    .use(ops.handler)
    .get("/orders", (request, response) => void response.json({ is: request.apiVersion }));

const withKoa = (ops: OpsHandler) =>
  new Koa()
    .use(ops.koa)
    .use((context) => {
      context.body = { is: context.req.apiVersion };
    })
    .callback();

const withNode =
  (ops: OpsHandler): RequestListener =>
  (request, response) => {
    if (!ops.handle(request, response)) answerPlainly(request, response);
  };

describe.each<[string, (ops: OpsHandler) => RequestListener]>([
  ["Express", withExpress],
  ["Koa", withKoa],
  ["node:http", withNode],
])("with the handler in %s", (_, create) => {
  test("a request names its version, else gets its pin, else the oldest; an unknown one is refused", async () => {
    const pinnedVersion = ({ headers }: IncomingMessage) =>
      headers.authorization === "Asha" ? "2026-11-01" : null;
    const ops = await createOpsHandler({ ...observed, version: "1.2.3", apiVersions, pinnedVersion });
    const server = createServer(create(ops));
    closing.push(
      () => ops.close(),
      () => server.closeAllConnections(),
      () => server.close(),
    );
    await once(server.listen(0, "127.0.0.1"), "listening");
    const { port } = server.address() as AddressInfo;
    const ask = async (headers: Record<string, string>, path = "/orders") => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { headers });
      return seen(response.status, response.headers, await response.json());
    };
    expect(await ask({})).toEqual(older);
    expect(await ask(newest)).toEqual(newer);
    expect(await ask({ authorization: "Asha" })).toEqual(newer);
    expect(await ask(unknown)).toMatchObject(refused);
    expect(await ask(unknown, "/livez")).toMatchObject({ status: 200, version: null });
    const counted = observed.monitoring.performance.endpoints().map(({ requests }) => requests);
    expect(counted.reduce((sum, requests) => sum + requests, 0)).toBeGreaterThanOrEqual(4);
  });
});
