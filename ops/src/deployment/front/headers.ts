import type { IncomingMessage } from "node:http";
import { peerOf, type TrustsProxy } from "./client.ts";

/** Tells a slot the address of the front's peer; the front removes it from requests of clients. */
export const peerHeader = "x-earlybird-peer";

const hopByHop = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);
/** The length is known from the body. */
const notForwarded = new Set([...hopByHop, "expect", "trailer", "content-length", peerHeader]);
const claimsOrigin = /^(?:forwarded|x-real-ip|x-forwarded-.*)$/;

/** The names that a `Connection` header declares as hop-by-hop. */
const declaredIn = (connection: string | undefined): readonly string[] =>
  // Nearly all requests and responses have this one, and it names only itself.
  connection === undefined || connection === "keep-alive" ? [] : connection.toLowerCase().split(/\s*,\s*/);

/**
 * The headers of a request for a slot, as a flat list of names and values. Headers that claim an origin pass only from a
 * trusted proxy. Otherwise the peer's address replaces them: without a trace of them, a remote client behind a proxy on
 * this machine would look local.
 */
export const requestHeaders = (request: IncomingMessage, trusts: TrustsProxy): string[] => {
  const { rawHeaders, headers } = request;
  const peer = peerOf(request);
  const isTrusted = trusts(peer, 0);
  const declared = declaredIn(headers.connection);
  const kept: string[] = [];
  let isClaimed = false;
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const name = (rawHeaders[at] as string).toLowerCase();
    if (notForwarded.has(name) || (declared.length > 0 && isDropped(declared, name))) continue;
    if (!isTrusted && claimsOrigin.test(name)) isClaimed = true;
    else kept.push(name, rawHeaders[at + 1] as string);
  }
  if (isClaimed) kept.push("x-forwarded-for", peer);
  kept.push(peerHeader, peer);
  return kept;
};

/** A client must not make the front drop what the slot decides by. */
const isDropped = (declared: readonly string[], name: string): boolean =>
  name !== "host" && !claimsOrigin.test(name) && declared.includes(name);

/** The headers of a slot's response for the client, as a flat list. */
export const responseHeaders = (raw: readonly (Buffer | string)[]): string[] => {
  const kept: string[] = [];
  let declared: readonly string[] = [];
  for (let at = 0; at < raw.length; at += 2) {
    const name = text(raw[at]);
    const lowerCase = name.toLowerCase();
    if (lowerCase === "connection") declared = declaredIn(text(raw[at + 1]));
    else if (!hopByHop.has(lowerCase)) kept.push(name, text(raw[at + 1]));
  }
  const isUsual = declared.every((name) => hopByHop.has(name) || name === "close");
  return isUsual ? kept : withoutNames(kept, declared);
};

const withoutNames = (headers: readonly string[], names: readonly string[]): string[] =>
  headers.filter((_, at) => !names.includes((headers[at - (at % 2)] as string).toLowerCase()));

const text = (value: Buffer | string | undefined): string =>
  typeof value === "string" ? value : (value?.toString("latin1") ?? "");
