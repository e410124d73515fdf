import type { IncomingHttpHeaders, IncomingMessage, Server } from "node:http";
import { peerHeader } from "../front/index.ts";

const carryRequest = new Set(["request", "upgrade", "checkContinue", "checkExpectation"]);

/** The address that a request came from, by its headers. */
type PeerOf = (headers: IncomingHttpHeaders) => string;

/** The peer of the front. Only the front can open the socket of a slot, and it replaces this header. */
export const peerOfFront: PeerOf = ({ [peerHeader]: peer }) => (typeof peer === "string" ? peer : "");

/**
 * A proxy on this machine, such as HAProxy: trust it with `TRUST_PROXY=loopback`. A request that it does not tell the
 * client of comes from an unknown address, not from this machine.
 */
export const peerOfProxy: PeerOf = (headers) => (headers["x-forwarded-for"] === undefined ? "" : "127.0.0.1");

/**
 * Gives requests over the socket of a slot the address of their peer, as `socket.remoteAddress`: whatever framework reads
 * it decides about proxies and loopback as if the peer had connected directly. A connection has one request at a time.
 */
export const setPeerAddresses = (server: Server, peerOf: PeerOf): void => {
  const emit = server.emit.bind(server) as (event: string, ...args: unknown[]) => boolean;
  server.emit = (event: string, ...args: unknown[]): boolean => {
    if (carryRequest.has(event)) setPeerAddress(args[0] as IncomingMessage, peerOf);
    return emit(event, ...args);
  };
};

const setPeerAddress = ({ headers, socket }: IncomingMessage, peerOf: PeerOf): void => {
  Object.defineProperty(socket, "remoteAddress", { value: peerOf(headers), configurable: true });
  delete headers[peerHeader];
};
