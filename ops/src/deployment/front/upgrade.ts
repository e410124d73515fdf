import { request as httpRequest, type IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Backend, Stream } from "./backend.ts";
import { type Forwarding, forward } from "./forward.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import { respondWithProblem } from "./respond.ts";
import { backendFor, routeOf } from "./routing.ts";
import { FrameTracker, serviceRestart } from "./websocket-frames.ts";

/** Connects a WebSocket to its slot. Other protocols are not offered: such a request gets a response in HTTP/1.1. */
export const upgrade = (
  request: IncomingMessage,
  socket: Duplex,
  head: Buffer,
  forwarding: Forwarding,
): void => {
  socket.on("error", () => socket.destroy());
  const response = lastResponseOn(request, socket);
  if (request.headers.upgrade?.toLowerCase() !== "websocket") {
    // Node leaves the body of such a request unread.
    const hasBody =
      head.length > 0 || request.headers["content-length"] || request.headers["transfer-encoding"];
    if (hasBody) respondWithProblem(response, 400);
    else void forward(request, response, forwarding);
    return;
  }
  connect({ request, socket, response, head }, forwarding, new Set());
};

/** A response after which the connection closes. */
const lastResponseOn = (request: IncomingMessage, socket: Duplex): ServerResponse => {
  const response = new ServerResponse(request);
  response.shouldKeepAlive = false;
  response.assignSocket(socket as Parameters<ServerResponse["assignSocket"]>[0]);
  response.once("finish", () => socket.end());
  return response;
};

interface Handshake {
  request: IncomingMessage;
  socket: Duplex;
  response: ServerResponse;
  head: Buffer;
}

/** Tries each slot that can be connected to. */
const connect = (handshake: Handshake, forwarding: Forwarding, tried: Set<Backend>): void => {
  const { request, socket, response, head } = handshake;
  const route = routeOf(request, forwarding);
  const backend = backendFor(route.slot, forwarding.backends, tried);
  if (backend === undefined) {
    respondWithProblem(response, 503);
    return;
  }
  tried.add(backend);
  const count = (failed: boolean) =>
    forwarding.onOutcome({ slot: backend.slot, client: route.client, failed, latencyMs: undefined });
  const headers = requestHeaders(request, forwarding.trusts);
  headers.push("connection", "Upgrade", "upgrade", "websocket");
  const { socketPath } = backend;
  const upstream = httpRequest({ socketPath, method: request.method, path: request.url, headers });
  socket.once("close", () => upstream.destroy());
  let isConnected = false;
  upstream.once("socket", (connection) =>
    connection.once("connect", () => {
      isConnected = true;
    }),
  );
  upstream.once("upgrade", (answer: IncomingMessage, slotSocket: Duplex, first: Buffer) => {
    response.detachSocket(socket as Parameters<ServerResponse["detachSocket"]>[0]);
    count(false);
    socket.write(switchingProtocols(answer.rawHeaders));
    tunnel({ client: socket, slot: slotSocket, first, head, backend });
  });
  upstream.once("response", (answer: IncomingMessage) => {
    const status = answer.statusCode ?? 502;
    count(status >= 500);
    response.writeHead(status, answer.statusMessage, responseHeaders(answer.rawHeaders));
    answer.pipe(response);
  });
  upstream.once("error", () => {
    if (socket.destroyed || response.headersSent) return void socket.destroy();
    if (!isConnected) {
      backend.eject();
      return connect(handshake, forwarding, tried);
    }
    count(true);
    respondWithProblem(response, 502);
  });
  upstream.end();
};

const switchingProtocols = (rawHeaders: readonly string[]): string => {
  const lines: string[] = [];
  for (let at = 0; at < rawHeaders.length; at += 2)
    lines.push(`${rawHeaders[at]}: ${rawHeaders[at + 1]}\r\n`);
  return `HTTP/1.1 101 Switching Protocols\r\n${lines.join("")}\r\n`;
};

interface Ends {
  client: Duplex;
  slot: Duplex;
  /** The first bytes of the slot and of the client. */
  first: Buffer;
  head: Buffer;
  backend: Backend;
}

/** Passes bytes both ways until one side ends. */
const tunnel = ({ client, slot, first, head, backend }: Ends): void => {
  const frames = new FrameTracker();
  let isEnding = false;
  const close = () => void client.write(serviceRestart);
  const stream: Stream = {
    askToReconnect: () => {
      if (isEnding) return;
      isEnding = true;
      if (frames.atBoundary) close();
    },
    cut: () => client.destroy(),
  };
  backend.streams.add(stream);
  const end = () => {
    backend.streams.delete(stream);
    client.destroy();
    slot.destroy();
  };
  for (const side of [client, slot]) side.on("error", end).on("close", end);
  // Sockets of HTTP stay half open, and neither side of a WebSocket has a use for that.
  client.on("end", end);
  slot.on("end", () => client.end());
  const pass = (chunk: Buffer) => {
    const closes = isEnding && !frames.atBoundary;
    if (isEnding && !closes) return;
    frames.follow(chunk);
    if (!client.write(chunk)) slot.pause();
    if (closes && frames.atBoundary) close();
  };
  client.on("drain", () => slot.resume());
  if (first.length > 0) pass(first);
  slot.on("data", pass);
  if (head.length > 0) slot.write(head);
  client.pipe(slot);
};
