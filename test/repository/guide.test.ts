import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from "node:http";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { OpsHandler, RunningMonitoring } from "@earlybird-ops/platform";
import Router from "@koa/router";
import express from "express";
import fastify from "fastify";
import Koa from "koa";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { root } from "./imports.ts";

const guide = readFileSync(resolve(root, "docs/how-to/add-to-your-service.md"), "utf8");

const codeFor = (framework: string): string =>
  new RegExp(`^### ${framework}\\n+\`\`\`js\\n([\\s\\S]*?)^\`\`\`$`, "m").exec(guide)?.[1] ?? "";

interface Added {
  observed: RunningMonitoring;
  ops?: OpsHandler;
  server?: Server;
}

/** Runs the code of the guide in a service that has the names in `scope`. */
const add = async (framework: string, scope: Record<string, unknown>): Promise<Added> => {
  const code = codeFor(framework);
  expect(
    code
      .trim()
      .split("\n")
      .filter((line) => line !== "").length,
  ).toBeLessThanOrEqual(5);
  const body = code.replace(/^import (.+) from "(.+)";$/gm, "const $1 = await load('$2');");
  const optional = (name: string) => `${name}: typeof ${name} === "undefined" ? undefined : ${name}`;
  const names = Object.keys(scope);
  const AsyncFunction = (async () => {}).constructor as new (
    ...text: string[]
  ) => (...values: unknown[]) => Promise<Added>;
  const run = new AsyncFunction(
    "load",
    ...names,
    `${body}\nreturn { observed, ${optional("ops")}, ${optional("server")} };`,
  );
  return run((name: string) => import(name), ...Object.values(scope));
};

const hello = "Hello Asha";

const services: Record<string, () => Promise<Added & { listener?: RequestListener }>> = {
  Fastify: async () => {
    const app = fastify();
    const added = await add("Fastify", { app });
    app.get("/hello/:name", async () => hello);
    await app.ready();
    return { ...added, listener: (request, response) => app.routing(request, response) };
  },
  Express: async () => {
    const app = express();
    const added = await add("Express", { app });
    app.get("/hello/:name", (_, response) => void response.send(hello));
    return { ...added, listener: app };
  },
  Koa: async () => {
    const app = new Koa();
    const added = await add("Koa", { app });
    const router = new Router().get("/hello/:name", (context) => {
      context.body = hello;
    });
    return { ...added, listener: app.use(router.routes()).callback() };
  },
  "node:http": async () => {
    const listener = (_: IncomingMessage, response: ServerResponse) => void response.end(hello);
    return add("node:http", { createServer, listener });
  },
};

const token = "0123456789abcdef0123456789abcdef";
let dataDir: string;
beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
  vi.stubEnv("EARLYBIRD_DATA_DIR", dataDir);
  vi.stubEnv("LOG_LEVEL", "silent");
  vi.stubEnv("OPERATOR_TOKEN", token);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(dataDir, { recursive: true });
});

test.each(Object.keys(services))("the code of the guide for %s watches a service", async (name) => {
  const {
    observed,
    ops,
    listener,
    server = createServer(listener),
  } = (await services[name]?.()) ?? expect.fail();
  await once(server.listen(0, "127.0.0.1"), "listening");
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (path: string) =>
    (await fetch(`http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`, { headers })).text();

  expect(await ask("/hello/Asha")).toBe(hello);
  expect(JSON.parse(await ask("/readyz"))).toEqual({ status: "ready" });
  expect(JSON.parse(await ask("/api/health/detailed"))).toMatchObject({
    status: "healthy",
    version: "1.0.0",
  });
  expect(JSON.parse(await ask("/api/console/login"))).toMatchObject({ login: { kind: "token" } });
  const route = name === "node:http" ? "(unmatched)" : "/hello/:name";
  expect(await ask("/metrics")).toContain(`http_route="${route}"`);

  server.close();
  server.closeAllConnections();
  await ops?.close();
  await observed.stop();
});
