import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip"];

/**
 * Whether a request comes from this machine: over the loopback interface and not through a local proxy. Clients can forge
 * forwarding headers, so any such header means a remote client.
 */
export const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  loopback.test(socket.remoteAddress ?? "") && forwarding.every((name) => headers[name] === undefined);

/** Returns a check for the bearer token of a request. Without a token, no request passes. */
export const bearerTokenCheck = (token: string | undefined): ((request: IncomingMessage) => boolean) => {
  if (token === undefined) return () => false;
  const expected = digest(`Bearer ${token}`);
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ""), expected);
};

/** Gives both sides the same length, as the constant-time comparison requires. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
