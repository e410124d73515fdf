import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { logLines } from "../../../../test/support/log-lines.ts";
import { until } from "../../../../test/support/until.ts";
import { Heartbeat } from "./heartbeat.ts";

let server: Server;
let beats: string[];
let status: number | "nothing";
let logged: ReturnType<typeof logLines>;
let heartbeat: Heartbeat;

beforeEach(async () => {
  beats = [];
  status = 200;
  server = createServer(({ method, url }, response) => {
    beats.push(`${method} ${url}`);
    if (status !== "nothing") response.writeHead(status).end("ok");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  logged = logLines();
  heartbeat = heartbeatTo(server);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(() => {
  heartbeat.stop();
  vi.useRealTimers();
  server.closeAllConnections();
  server.close();
});

const heartbeatTo = (peer: Server, timeoutMs = 5_000) => {
  const { port } = peer.address() as AddressInfo;
  return new Heartbeat({ url: `http://127.0.0.1:${port}/ping/secret`, log: logged.log, timeoutMs });
};

/** Lets a minute pass, until the call has arrived. */
const minute = async () => {
  const before = beats.length;
  vi.advanceTimersByTime(60_000);
  await until(() => beats.length > before);
};

test("the address is called at once, and then every minute until the stop", async () => {
  heartbeat.start();
  await until(() => beats.length === 1);
  await minute();
  vi.advanceTimersByTime(59_000);
  expect(beats).toEqual(["GET /ping/secret", "GET /ping/secret"]);
  heartbeat.stop();
  vi.advanceTimersByTime(600_000);
  expect(beats).toHaveLength(2);
  expect(logged.lines).toEqual([]);
});

test("failures are logged once for each kind and once when they end, without the address", async () => {
  heartbeat.start();
  await until(() => beats.length === 1);
  status = 500;
  await minute();
  await until(() => logged.lines.length === 1);
  await minute();
  status = 404;
  await minute();
  await until(() => logged.lines.length === 2);
  status = 200;
  await minute();
  await until(() => logged.lines.length === 3);
  expect(logged.lines).toMatchObject([
    { level: 40, reason: "answered 500" },
    { level: 40, reason: "answered 404" },
    { level: 30, msg: "the heartbeat arrives again" },
  ]);
  expect(JSON.stringify(logged.lines)).not.toContain("secret");
});

test("a server that refuses or does not respond is logged without the address", async () => {
  const impatient = heartbeatTo(server, 30);
  status = "nothing";
  impatient.start();
  await until(() => logged.lines.length === 1);
  server.closeAllConnections();
  server.close();
  vi.advanceTimersByTime(60_000);
  await until(() => logged.lines.length === 2);
  impatient.stop();
  expect(logged.lines).toMatchObject([{ reason: "TimeoutError" }, { reason: "ECONNREFUSED" }]);
  expect(JSON.stringify(logged.lines)).not.toContain("secret");
});
