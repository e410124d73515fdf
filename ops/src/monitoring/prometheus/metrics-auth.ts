import type { IncomingMessage } from "node:http";

const loopback = /^(?:::ffff:)?127\.|^::1$/;
const forwarding = ["forwarded", "x-forwarded-for", "x-real-ip"];

/**
 * Whether a request comes from this machine: over the loopback interface and not through a local proxy. Clients can forge
 * forwarding headers, so any such header means a remote client.
 */
export const isLocal = ({ socket, headers }: IncomingMessage): boolean =>
  loopback.test(socket.remoteAddress ?? "") && forwarding.every((name) => headers[name] === undefined);
