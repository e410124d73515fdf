import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip"];

/**
 * Whether a request comes from this machine: over the loopback, and not handed on by a proxy that runs on it. What
 * a header says about the client can be made up, so its mere presence counts as "from elsewhere".
 */
export const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  loopback.test(socket.remoteAddress ?? "") && forwarding.every((name) => headers[name] === undefined);

/** Whether a request brings the token; nobody does where there is none. */
export const bearerOf = (token: string | undefined): ((request: IncomingMessage) => boolean) => {
  if (token === undefined) return () => false;
  const expected = digest(`Bearer ${token}`);
  return ({ headers }) => timingSafeEqual(digest(headers.authorization ?? ""), expected);
};

/** Of the same length for all, as a comparison that does not tell by its time how far it got wants it. */
const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
