import { once } from "node:events";
import { rm, stat } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage, type Server } from "node:http";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import fastify, { type FastifyInstance } from "fastify";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  FrontSwitch,
  occupySlot,
  type RunningFront,
  startFront,
  type Tick,
} from "../../ops/src/deployment/index.ts";
import { isLocal } from "../../ops/src/monitoring/prometheus/metrics-auth.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

let dataDir: string;
let port: number;
let front: RunningFront;
const apps: FastifyInstance[] = [];
const aborted: string[] = [];

/** A service in a slot of this process: only one process can occupy both slots here. */
const startSlot = async (slot: "blue" | "green"): Promise<void> => {
  const app = fastify({ trustProxy: "10.9.9.9", forceCloseConnections: true });
  app.addContentTypeParser("*", (_request, payload, done) => done(null, payload));
  app.get("/", async ({ ip, raw }) => ({
    slot,
    ip,
    isLocal: isLocal(raw),
    headers: raw.headers,
    raw: raw.rawHeaders.map((name) => name.toLowerCase()),
  }));
  app.post("/length", async ({ body, headers }) => ({
    bytes: (await text(body as IncomingMessage)).length,
    length: headers["content-length"] ?? null,
    encoding: headers["transfer-encoding"] ?? null,
  }));
  app.get("/status/:code", (request, reply) =>
    reply.code(Number((request.params as { code: string }).code)).send(),
  );
  app.get("/trailers", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { trailer: "x-sum", connection: "keep-alive, x-private", "x-private": "1" });
    reply.raw.addTrailers({ "x-sum": "7" });
    reply.raw.end("body");
  });
  app.get("/slow", async (request) => {
    request.raw.socket.once("close", () => aborted.push(request.url));
    await new Promise((resolve) => setTimeout(resolve, 60_000).unref());
  });
  app.get("/large", (_request, reply) => reply.send(Buffer.alloc(8 * 2 ** 20, "x")));
  app.get("/events", (_request, reply) => {
    reply.hijack();
    reply.raw.writeHead(200, { "content-type": "text/event-stream" });
    reply.raw.write(`data: ${slot}\n\n`);
    const half = setTimeout(() => reply.raw.write("data: ha"), 30);
    const rest = setTimeout(() => reply.raw.write("lf\n\n"), 300);
    reply.raw.once("close", () => [half, rest].forEach(clearTimeout));
  });
  app.server.on("upgrade", (request: IncomingMessage, socket: Socket) => {
    if (request.url === "/refused")
      return socket.end("HTTP/1.1 403 Forbidden\r\ncontent-length: 2\r\n\r\nno");
    const accepted = `${slot} ${request.socket.remoteAddress} ${request.headers["x-earlybird-peer"]}`;
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nx-accepted: ${accepted}\r\n\r\n`,
    );
    // An unfinished frame of four bytes: nothing may be put into it.
    socket.write(Buffer.from([0x81, 4, 0x61, 0x62]));
    socket.on("data", (bytes) => socket.write(bytes.length === 1 ? Buffer.from("cd") : Buffer.alloc(0)));
    socket.on("error", () => undefined).on("end", () => socket.end());
  });
  const { listening } = await occupySlot(dataDir, slot, front.url);
  listening.attach(app.server as Server);
  await app.listen({ path: listening.path });
  apps.push(app);
};

beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  port = await freePort();
  front = await startFront({ dataDir, host: "127.0.0.1", port, trustProxy: "127.0.0.2" });
  await startSlot("blue");
  await startSlot("green");
});
afterAll(async () => {
  await front?.stop();
  await Promise.all(apps.map((app) => app.close()));
  await rm(dataDir, { recursive: true, force: true });
});

/** Sends bytes as they are; resolves with all that comes back. */
const sendRaw = async (bytes: string, localAddress = "127.0.0.1"): Promise<string> => {
  const socket = connect({ port, host: "127.0.0.1", localAddress });
  socket.write(bytes);
  return text(socket);
};
const bodyOf = (answer: string) => JSON.parse(answer.slice(answer.indexOf("\r\n\r\n") + 4));
const get = async (headers: Record<string, string>, localAddress?: string) => {
  const lines = Object.entries({ ...headers, ...(!headers.Connection && { Connection: "close" }) });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  return bodyOf(await sendRaw(`GET / HTTP/1.1\r\nHost: milk.example\r\n${head}\r\n`, localAddress));
};

describe("the headers of a request", () => {
  test("a direct client looks as it does without the front", async () => {
    expect(await get({})).toMatchObject({
      ip: "127.0.0.1",
      isLocal: true,
      headers: { host: "milk.example" },
    });
    expect(await get({}, "127.0.0.3")).toMatchObject({ ip: "127.0.0.3", isLocal: true });
  });

  test.each([
    ["X-Forwarded-For", { "X-Forwarded-For": "127.0.0.1" }],
    ["Forwarded", { Forwarded: "for=127.0.0.1" }],
    ["X-Real-IP", { "X-Real-IP": "127.0.0.1" }],
    [
      "X-Forwarded-For, declared hop-by-hop",
      { "X-Forwarded-For": "1.1.1.1", Connection: "close, x-forwarded-for" },
    ],
    ["X-Forwarded-Host", { "X-Forwarded-Host": "evil.example" }],
  ])("a client behind an untrusted proxy is never local: %s", async (_name, headers) => {
    const seen = await get(headers);
    expect(seen).toMatchObject({
      isLocal: false,
      ip: "127.0.0.1",
      headers: { "x-forwarded-for": "127.0.0.1" },
    });
    expect(JSON.stringify(seen)).not.toMatch(/evil|1\.1\.1\.1|forwarded-host|"forwarded"|x-real-ip/);
  });

  test("nobody can name a peer, and the slot does not see the header", async () => {
    const seen = await get({ "X-Earlybird-Peer": "10.9.9.9", "X-Forwarded-For": "8.8.8.8" });
    expect(seen).toMatchObject({ ip: "127.0.0.1", isLocal: false });
    expect(seen.headers).not.toHaveProperty("x-earlybird-peer");
  });

  test("a trusted proxy is believed", async () => {
    const headers = { "X-Forwarded-For": "8.8.8.8", "X-Forwarded-Proto": "https" };
    expect(await get(headers, "127.0.0.2")).toMatchObject({
      isLocal: false,
      headers: { "x-forwarded-for": "8.8.8.8", "x-forwarded-proto": "https" },
    });
  });

  test("hop-by-hop headers end at the front", async () => {
    const { raw } = await get({
      Connection: "close, x-mine",
      "X-Mine": "1",
      TE: "trailers",
      "Proxy-Authorization": "x",
    });
    expect(raw).not.toEqual(expect.arrayContaining(["x-mine"]));
    expect(raw.filter((name: string) => ["te", "proxy-authorization", "upgrade"].includes(name))).toEqual([]);
  });
});

describe("messages", () => {
  const post = (headers: string, body: string) =>
    sendRaw(
      `POST /length HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: x/y\r\n${headers}\r\n${body}`,
    );

  test.each([
    ["both lengths", "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n"],
    ["two lengths", "Content-Length: 3\r\nContent-Length: 4\r\n", "abcd"],
    ["a coding other than chunked", "Transfer-Encoding: gzip, identity\r\n", "abc"],
    ["a space before the colon", "Content-Length : 3\r\n", "abc"],
    ["a folded line", "X-A: b\r\n Content-Length: 3\r\n", "abc"],
  ])("that could be read in two ways are refused: %s", async (_name, headers, body) => {
    expect(await post(headers, body)).toMatch(/^HTTP\/1\.1 400 /);
  });

  test("bodies arrive whole: known length, chunked, larger than the kept size, after 100-continue, empty", async () => {
    expect(bodyOf(await post("Content-Length: 3\r\n", "abc"))).toEqual({
      bytes: 3,
      length: "3",
      encoding: null,
    });
    expect(bodyOf(await post("Transfer-Encoding: chunked\r\n", "3\r\nabc\r\n0\r\n\r\n"))).toMatchObject({
      bytes: 3,
    });
    const large = "x".repeat(200_000);
    expect(bodyOf(await post(`Content-Length: ${large.length}\r\n`, large))).toMatchObject({
      bytes: 200_000,
      length: "200000",
    });
    const chunks = `${(200_000).toString(16)}\r\n${large}\r\n0\r\n\r\n`;
    expect(bodyOf(await post("Transfer-Encoding: chunked\r\n", chunks))).toMatchObject({ bytes: 200_000 });
    expect(await post("Expect: 100-continue\r\nContent-Length: 3\r\n", "abc")).toMatch(
      /^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 /,
    );
    expect(bodyOf(await post("Content-Length: 0\r\n", ""))).toMatchObject({ bytes: 0 });
  });

  test("responses without a body, with trailers, and of HEAD", async () => {
    const ask = (line: string) => sendRaw(`${line} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    for (const code of [204, 304]) {
      const answer = await ask(`GET /status/${code}`);
      expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${code} `));
      expect(answer).toMatch(/\r\n\r\n$/);
    }
    const head = await ask("HEAD /large");
    expect(head).toMatch(/content-length: 8388608/i);
    expect(head).toMatch(/\r\n\r\n$/);
    const trailers = await ask("GET /trailers");
    expect(trailers).toMatch(/x-sum: 7\r\n\r\n$/i);
    expect(trailers).not.toContain("x-private: 1");
    expect(await ask("OPTIONS *")).toMatch(/^HTTP\/1\.1 400 /);
    expect(await ask("GET /status/503")).toMatch(/^HTTP\/1\.1 503 /);
  });

  test("a client that gives up ends its request in the slot; a slow reader gets everything", async () => {
    const client = httpRequest({ port, path: "/slow" }).on("error", () => undefined);
    client.end();
    const slots = async () => (await new FrontSwitch(dataDir, "").state()).slots;
    await expect.poll(async () => (await slots()).blue.in_flight).toBe(1);
    client.destroy();
    await expect.poll(() => aborted).toEqual(["/slow"]);
    await expect.poll(async () => (await slots()).blue.in_flight).toBe(0);

    const [answer] = (await once(httpRequest({ port, path: "/large" }).end(), "response")) as [
      IncomingMessage,
    ];
    answer.pause();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect((await text(answer)).length).toBe(8 * 2 ** 20);
  });
});

test("the control socket is private; streams are sticky and asked to reconnect when their slot is drained", async () => {
  const traffic = new FrontSwitch(dataDir, "r1");
  expect((await stat(join(dataDir, "slots", "front.sock"))).mode & 0o777).toBe(0o600);
  const ticks: Tick[] = [];
  const following = (async () => {
    for await (const tick of traffic.ticks()) {
      ticks.push(tick);
      if (tick.epoch === 1) return;
    }
  })();
  await traffic.set({ blue: 0, green: 10_000 }, 1);

  const response = await fetch(`http://127.0.0.1:${port}/events`);
  const events = response.body
    ?.pipeThrough(new TextDecoderStream())
    .getReader() as ReadableStreamDefaultReader<string>;
  expect((await events.read()).value).toBe("data: green\n\n");
  const socket = connect(port, "127.0.0.1");
  socket.write(
    "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nX-Earlybird-Peer: 6.6.6.6\r\n\r\n",
  );
  let received = Buffer.alloc(0);
  socket.on("data", (bytes) => {
    received = Buffer.concat([received, bytes]);
  });
  await expect.poll(() => received.toString("latin1")).toContain("ab");
  expect(received.toString("latin1")).toContain("x-accepted: green 127.0.0.1 undefined\r\n");
  // A refusal ends the connection: its next bytes are never a request that bypasses the front.
  const refused = await sendRaw(
    "GET /refused HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
  );
  expect(refused.match(/HTTP\/1\.1 \d+/g)).toEqual(["HTTP/1.1 403"]);
  // Another protocol is not offered, and the request is answered.
  expect(await get({ Connection: "Upgrade, close", Upgrade: "h2c" })).toMatchObject({ slot: "green" });

  await expect(traffic.drain("green", 100)).rejects.toMatchObject({ code: "EB_SLOT_HAS_TRAFFIC" });
  // Half an event is on its way.
  expect((await events.read()).value).toBe("data: ha");
  await traffic.set({ blue: 10_000, green: 0 }, 2);
  const drained = traffic.drain("green", 5_000);
  let rest = "";
  for (let part = await events.read(); !part.done; part = await events.read()) rest += part.value;
  expect(rest).toBe("lf\n\nretry: 1000\n\n");
  expect(received.subarray(-2).toString()).toBe("ab");
  socket.write("x");
  await expect.poll(() => received.subarray(-6)).toEqual(Buffer.from([0x63, 0x64, 0x88, 2, 3, 0xf4]));
  socket.destroy();
  expect(await drained).toEqual({ inFlight: 0, streams: 0 });

  await following;
  expect(ticks.at(-1)).toMatchObject({
    weights: { green: 10_000 },
    slots: { green: { clients: 1, failed_clients: 0 } },
  });
  expect(ticks[0]?.slots.blue.failed_clients).toBe(1);
});
