import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { clientClosedRequest } from "./request-buffer.ts";

/**
 * Calls `finished` once, when the response is complete or the client has disconnected.
 *
 * With HTTP pipelining, Node never closes a response that is still queued behind another one when the connection ends.
 * For these, the end of the connection is the end of the request.
 */
export const onResponseFinished = (
  { socket }: Pick<IncomingMessage, "socket">,
  response: Pick<ServerResponse, "socket" | "on">,
  finished: () => void,
): void => {
  if (socket.destroyed) {
    finished();
    return;
  }
  if (response.socket !== null) {
    response.on("close", finished);
    return;
  }
  const queued = queuedOn(socket);
  const finishedOnce = () => {
    if (queued.delete(finishedOnce)) finished();
  };
  queued.add(finishedOnce);
  response.on("close", finishedOnce);
};

/** Status of a response that the service aborted, whatever its headers say. */
const abortedResponse = 500;

/**
 * The status that a finished request counts under. A response that has begun and is not complete was aborted either by
 * the service, as when its stream fails, or by the client.
 */
export const finalStatusOf = (response: ServerResponse): number => {
  if (response.writableEnded) return response.statusCode;
  return response.headersSent && isAbortedByService(response) ? abortedResponse : clientClosedRequest;
};

/** Node keeps the error that destroyed a response, or `undefined`; `null` if the client disconnected. Not in HTTP/2. */
const isAbortedByService = (response: ServerResponse): boolean =>
  "errored" in response && response.errored !== null;

const queuedOnSocket = new WeakMap<Socket, Set<() => void>>();

/** Callbacks of the responses queued on a connection. They share a listener: there may be hundreds. */
const queuedOn = (socket: Socket): Set<() => void> => {
  const known = queuedOnSocket.get(socket);
  if (known) return known;
  const queued = new Set<() => void>();
  queuedOnSocket.set(socket, queued);
  socket.once("close", () => {
    for (const finished of queued) finished();
  });
  return queued;
};
