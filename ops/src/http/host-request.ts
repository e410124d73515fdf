import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { defineFailure } from "../core/failure.ts";

/** What Koa knows of a request, as far as it is used. */
export interface KoaContext {
  req: IncomingMessage;
  res: ServerResponse;
  ip: string;
  protocol: string;
  request: { body?: unknown };
  respond?: boolean | undefined;
  /** Set by `@koa/router`. */
  _matchedRoute?: unknown;
}

const bodyConsumed = defineFailure({
  code: "EB_BODY_CONSUMED",
  status: 500,
  detail: "The body of the request was read before the request reached the platform.",
  remedy: "Register the platform's handler before other middleware that reads bodies.",
});

const contexts = new WeakMap<IncomingMessage, KoaContext>();

/** Koa does not connect its context to the request of Node. */
export const rememberContext = (context: KoaContext): void => void contexts.set(context.req, context);

export const contextOf = (request: IncomingMessage): KoaContext | undefined => contexts.get(request);

/** Express adds these to the request. */
type HostRequest = IncomingMessage & { ip?: unknown; protocol?: unknown; body?: unknown };

const stringOr = <Fallback>(value: unknown, fallback: Fallback): string | Fallback =>
  typeof value === "string" ? value : fallback;

/** The client, as Express and Koa identify it by their `trust proxy` and `proxy` settings. */
export const addressOf = (request: HostRequest): string =>
  stringOr(contextOf(request)?.ip ?? request.ip, request.socket.remoteAddress ?? "unknown");

/** `https` or `http` by the same settings; undefined without a framework. */
export const protocolOf = (request: HostRequest): string | undefined =>
  stringOr(contextOf(request)?.protocol ?? request.protocol, undefined);

/**
 * A stream with the body of a request that other middleware, such as `express.json()`, has read and parsed; undefined if
 * nobody has read it.
 *
 * @throws Failure EB_BODY_CONSUMED if it was read and is lost
 */
export const replayBody = (request: HostRequest): Readable | undefined => {
  if (!request.readableDidRead || !hasBody(request)) return undefined;
  const body = contextOf(request)?.request.body ?? request.body;
  if (body === undefined) throw bodyConsumed();
  const text = typeof body === "string" || Buffer.isBuffer(body) ? body : JSON.stringify(body);
  const { "content-length": length } = request.headers;
  // Spaces and escapes may have changed its length, which Fastify compares with the header.
  return Object.assign(Readable.from([Buffer.from(text)]), { receivedEncodedLength: Number(length ?? 0) });
};

const hasBody = ({ headers }: IncomingMessage): boolean =>
  headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
