import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

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
