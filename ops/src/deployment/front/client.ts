import type { IncomingMessage } from "node:http";
import proxyAddr from "@fastify/proxy-addr";

/** Tells whether a peer is a trusted proxy. */
export type TrustsProxy = (address: string, hop: number) => boolean;

/** @param networks the setting `TRUST_PROXY`; undefined trusts nobody */
export const proxyTrust = (networks: string | undefined): TrustsProxy =>
  networks === undefined
    ? () => false
    : proxyAddr.compile(networks.split(",").map((network) => network.trim()));

/** The address on the other side of the connection. */
export const peerOf = ({ socket }: IncomingMessage): string => socket.remoteAddress ?? "";

/**
 * What identifies the client: the subject of its bearer token or the token, else its session cookie, else its address.
 * Nothing is verified: the key chooses a slot and gives no access.
 */
export const clientKeyOf = (request: IncomingMessage, trusts: TrustsProxy): string => {
  const { authorization, cookie } = request.headers;
  if (authorization !== undefined) return subjectOf(authorization) ?? authorization;
  const session = cookie === undefined ? undefined : sessionCookie.exec(cookie)?.[0];
  return session ?? proxyAddr(request, trusts);
};

/** By the usual names: `connect.sid`, `session`, `auth_token`. Other cookies change while a client stays the same. */
const sessionCookie = /[^;=\s]*(?:sess|sid|auth|token|earlybird)[^;=\s]*=[^;]+/i;

/** A token is renewed every few minutes, and its subject remains. */
const subjectOf = (authorization: string): string | undefined => {
  const payload = /^bearer [\w-]+\.([\w-]+)\.[\w-]+$/i.exec(authorization)?.[1];
  if (payload === undefined) return undefined;
  try {
    const { sub } = JSON.parse(Buffer.from(payload, "base64url").toString()) as { sub?: unknown };
    return typeof sub === "string" ? `sub ${sub}` : undefined;
  } catch {
    return undefined;
  }
};
