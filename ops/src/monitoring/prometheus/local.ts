import type { IncomingMessage } from "node:http";

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip"];

/**
 * Whether a request comes from this machine: over the loopback, and not handed on by a proxy that runs on it. What
 * a header says about the client can be made up, so its mere presence counts as "from elsewhere".
 */
export const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  loopback.test(socket.remoteAddress ?? "") && forwarding.every((name) => headers[name] === undefined);
