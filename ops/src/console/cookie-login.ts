import { parseCookie, stringifySetCookie } from "cookie";
import type { FastifyReply, FastifyRequest } from "fastify";
import { defineFailure } from "../core/failure.ts";
import type { ConsoleLogin } from "./options.ts";
import type { Sealer } from "./seal.ts";

const cookieName = "earlybird_console";

/** Credentials of a session, as the cookie keeps them. */
export interface ConsoleCredentials {
  /** The `authorization` header that the service accepts. */
  authorization: string;
  refreshToken?: string;
  /** Milliseconds since 1970. */
  expiresAt?: number;
}

const notFromConsole = defineFailure({
  code: "EB_CONSOLE_WRITE",
  status: 403,
  detail: "A write with a cookie did not come from the console.",
  remedy:
    "Send an authorization header instead of the cookie, or, from a page of the same origin, the header x-earlybird-console: 1.",
});

/** Reads the sealed cookie of a request; undefined without one, or with one of another secret. */
export const readCredentials = (request: FastifyRequest, sealer: Sealer): ConsoleCredentials | undefined => {
  const sealed = parseCookie(request.headers.cookie ?? "")[cookieName];
  const text = sealed === undefined ? undefined : sealer.unseal(sealed);
  return text === undefined ? undefined : JSON.parse(text);
};

/** Sets the sealed cookie; `undefined` deletes it. */
export const writeCredentials = (
  request: FastifyRequest,
  reply: FastifyReply,
  sealer: Sealer,
  credentials: ConsoleCredentials | undefined,
): void => {
  reply.header(
    "set-cookie",
    stringifySetCookie({
      name: cookieName,
      value: credentials === undefined ? "" : sealer.seal(JSON.stringify(credentials)),
      httpOnly: true,
      sameSite: "strict",
      secure: request.protocol === "https",
      // A proxy may serve the API below another prefix than the service knows.
      path: "/",
      ...(credentials === undefined && { maxAge: 0 }),
    }),
  );
};

/**
 * Gives a request of the console the `authorization` header of its session, so that `authorize` of the service needs no
 * change. A request with a header of its own is left alone.
 *
 * With an ambient login, the service recognizes a user by what browsers send on their own, from pages of other sites, too:
 * every write without an `authorization` header then has to come from the console, or from a page that does as it does.
 *
 * @throws Failure EB_CONSOLE_WRITE for a write that another site may have caused
 */
export const useCredentials = (
  request: FastifyRequest,
  { sealer, login }: { sealer: Sealer; login: ConsoleLogin },
): void => {
  if (request.headers.authorization !== undefined) return;
  const credentials = readCredentials(request, sealer);
  const isRecognized = credentials !== undefined || login.kind === "ambient";
  if (isRecognized && !["GET", "HEAD", "OPTIONS"].includes(request.method)) demandConsole(request);
  if (credentials !== undefined) request.headers.authorization = credentials.authorization;
};

/** Browsers send `sec-fetch-site` only over HTTPS and to localhost; elsewhere `origin` must name this host. */
const demandConsole = ({ headers }: FastifyRequest): void => {
  const site = headers["sec-fetch-site"];
  const isSameOrigin =
    site === undefined
      ? headers.origin !== undefined &&
        URL.canParse(headers.origin) &&
        new URL(headers.origin).host === headers.host
      : site === "same-origin";
  if (headers["x-earlybird-console"] !== "1" || !isSameOrigin) throw notFromConsole();
};
