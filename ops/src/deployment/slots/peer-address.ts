import type { IncomingMessage, Server } from "node:http";
import { peerHeader } from "../front/index.ts";

const carryRequest = new Set(["request", "upgrade", "checkContinue", "checkExpectation"]);

/**
 * Gives requests that come from the front the address of its peer, as `socket.remoteAddress`: whatever framework reads
 * it decides about proxies and loopback as if the peer had connected directly. Only the front can open the socket of a
 * slot, and it sends one request at a time on a connection.
 */
export const restorePeerAddresses = (server: Server): void => {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (carryRequest.has(event)) restore(args[0] as IncomingMessage);
    return emit(event, ...args);
  };
};

const restore = (request: IncomingMessage): void => {
  const { headers, socket } = request;
  Object.defineProperty(socket, "remoteAddress", { value: headers[peerHeader] ?? "", configurable: true });
  delete headers[peerHeader];
};
