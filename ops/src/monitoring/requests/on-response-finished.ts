import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientWentAway } from "./request-buffer.ts";

/**
 * Calls `over` once, when the answer to a request is complete or its client has gone away.
 *
 * A client may send several requests without waiting for answers. Node closes an answer that is still behind another
 * on its connection only if it gets that far: of those, the end of the connection is the end.
 */
export const whenOver = (
  { socket }: Pick<IncomingMessage, "socket">,
  response: Pick<ServerResponse, "socket" | "on">,
  over: () => void,
): void => {
  if (socket.destroyed) {
    over();
    return;
  }
  if (response.socket !== null) {
    response.on("close", over);
    return;
  }
  const waiting = waitingOn(socket);
  const overOnce = () => {
    if (waiting.delete(overOnce)) over();
  };
  waiting.add(overOnce);
  response.on("close", overOnce);
};

/** What an answer that breaks off counts as, whatever its head has said. */
const brokenOff = 500;

/**
 * The status under which a request counts that is over. An answer that has begun and is not complete has been broken off
 * by us, as when its stream fails, or by its client.
 */
export const finalStatusOf = (response: ServerResponse): number => {
  if (response.writableEnded) return response.statusCode;
  return response.headersSent && isDestroyedByUs(response) ? brokenOff : clientWentAway;
};

/** Node notes with what an answer was destroyed, or `undefined`: `null` stays where its client has gone. Not in HTTP/2. */
const isDestroyedByUs = (response: ServerResponse): boolean =>
  "errored" in response && response.errored !== null;

const waitingOnSocket = new WeakMap<Socket, Set<() => void>>();

/** Those that wait on a connection. One listener for all: there may be hundreds. */
const waitingOn = (socket: Socket): Set<() => void> => {
  const known = waitingOnSocket.get(socket);
  if (known) return known;
  const waiting = new Set<() => void>();
  waitingOnSocket.set(socket, waiting);
  socket.once("close", () => {
    for (const over of waiting) over();
  });
  return waiting;
};
