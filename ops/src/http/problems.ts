import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { Failure } from "../core/failure.ts";
import { refusalOf } from "./database-errors.ts";
import { refuseUnstorable } from "./request-content.ts";

declare module "fastify" {
  interface FastifyReply {
    /** The error code of the response. */
    problemCode?: string;
  }
}

export interface ProblemsOptions {
  /** Whether an error means that the database cannot be reached, as opposed to an error that it returned. */
  isDatabaseUnavailable: (error: unknown) => boolean;
}

const retryAfterSeconds = 2;

const invalidRequest = (errors: { path: string; message: string }[]) =>
  new Failure(
    "EB_INVALID_REQUEST",
    400,
    `The request is not as described: ${errors.map(({ path, message }) => `${path}: ${message}`).join("; ")}.`,
    "Correct the fields listed in errors; /api/docs describes them.",
    { errors },
  );

const malformedJson = () =>
  new Failure("EB_MALFORMED_JSON", 400, "The body is not JSON.", "Send valid JSON in UTF-8.");

const unsupportedMediaType = () =>
  new Failure(
    "EB_UNSUPPORTED_MEDIA_TYPE",
    415,
    "The body's content type is not understood.",
    "Send content-type: application/json.",
  );

const bodyTooLarge = () =>
  new Failure("EB_BODY_TOO_LARGE", 413, "The body is too large.", "Send less at once.");

const requestTooSlow = () =>
  new Failure(
    "EB_REQUEST_TOO_SLOW",
    408,
    "The request did not arrive in time.",
    "Send headers and body without a pause; upload less over a slow line.",
  );

const headersTooLarge = () =>
  new Failure("EB_HEADERS_TOO_LARGE", 431, "The headers are too large.", "Send fewer or shorter headers.");

const notHttp = () =>
  new Failure("EB_NOT_HTTP", 400, "The request is not valid HTTP/1.1.", "Use an HTTP client.");

const clientErrors: Record<string, () => Failure> = {
  ERR_HTTP_REQUEST_TIMEOUT: requestTooSlow,
  HPE_HEADER_OVERFLOW: headersTooLarge,
};

const badRequest = (status: number, detail: string) =>
  new Failure(
    "EB_BAD_REQUEST",
    status,
    detail,
    "Correct the request; /api/docs describes what is understood.",
  );

/** Too many requests from one address; `retry-after` is in the headers. */
export const tooManyRequests = (afterSeconds: number) =>
  new Failure(
    "EB_TOO_MANY_REQUESTS",
    429,
    `Too many requests; the next is welcome in ${afterSeconds} seconds.`,
    "Wait as long as the retry-after header says.",
    { retry_after_seconds: afterSeconds },
  );

const databaseUnavailable = () =>
  new Failure(
    "EB_DATABASE_UNAVAILABLE",
    503,
    "The database cannot be reached at the moment.",
    "Try again in a few seconds.",
  );

const internalError = () =>
  new Failure(
    "EB_INTERNAL",
    500,
    "Something went wrong on our side.",
    "Try again; if it stays, tell the operator the time of this request.",
  );

const routeNotFound = (method: string, path: string) =>
  new Failure("EB_ROUTE_NOT_FOUND", 404, `There is no ${method} ${path}.`, "See /api/docs for the routes.");

/**
 * Turns every error into an RFC 9457 `application/problem+json` response: a Failure as it is, an invalid request with
 * the invalid fields, an unreachable database as 503, and any other error as a 500 without details, which is logged.
 */
export const problems = fastifyPlugin<ProblemsOptions>(
  async (app, { isDatabaseUnavailable }) => {
    app.decorateReply("problemCode");
    app.addHook("preValidation", async ({ body, query, params }) =>
      refuseUnstorable({ body, query, params }),
    );
    app.setErrorHandler((error, request, reply) =>
      answerProblem(failureOf(error, isDatabaseUnavailable), request, reply, error),
    );
    app.setNotFoundHandler((request, reply) =>
      answerProblem(routeNotFound(request.method, pathOf(request.url)), request, reply),
    );
  },
  { name: "problems" },
);

/** Responds to errors that Fastify raises before routing, such as an undecodable path; for `frameworkErrors`. */
export const answerFrameworkError = (error: Error, request: FastifyRequest, reply: FastifyReply) => {
  const failure = failureOf(error, () => false);
  request.server.recordUnrouted?.(request.method, failure.status);
  return answerProblem(failure, request, reply, error);
};

/**
 * Responds to malformed requests, slow requests and oversized headers, and closes the connection; for
 * `clientErrorHandler`. Node also calls it for connections that can no longer be written to.
 */
export const answerClientError = (error: Error & { code?: string }, socket: Socket): void => {
  if (error.code !== "ECONNRESET" && socket.writable) {
    const failure = (clientErrors[error.code ?? ""] ?? notHttp)();
    const body = JSON.stringify(failure.toProblem());
    socket.write(
      `HTTP/1.1 ${failure.status} ${STATUS_CODES[failure.status]}\r\nconnection: close\r\n` +
        `content-type: application/problem+json\r\ncontent-length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
    );
  }
  socket.destroySoon();
};

const answerProblem = (failure: Failure, request: FastifyRequest, reply: FastifyReply, cause?: unknown) => {
  if (failure.status >= 500) {
    // A Failure explains itself; any other error needs its stack.
    const detail = cause === failure ? { code: failure.code, detail: failure.detail } : { err: cause };
    const say = failure.status === 503 ? "warn" : "error";
    request.log[say](
      { ...detail, method: request.method, route: request.routeOptions.url },
      "a request failed",
    );
  }
  const waitSeconds =
    failure.extra.retry_after_seconds ?? (failure.status === 503 ? retryAfterSeconds : undefined);
  if (waitSeconds !== undefined && !reply.hasHeader("retry-after")) reply.header("retry-after", waitSeconds);
  reply.problemCode = failure.code;
  return reply
    .code(failure.status)
    .type("application/problem+json")
    .serializer(JSON.stringify)
    .send(failure.toProblem());
};

/** Converts any error into the Failure that the client receives. */
export const failureOf = (error: unknown, isDatabaseUnavailable: (error: unknown) => boolean): Failure => {
  if (error instanceof Failure) return error;
  if (hasZodFastifySchemaValidationErrors(error)) {
    const place = error.validationContext ?? "request";
    return invalidRequest(
      error.validation.map(({ instancePath, message = "is not valid" }) => ({
        path: `${place}${instancePath === "/" ? "" : instancePath.replaceAll("/", ".")}`,
        message,
      })),
    );
  }
  return (
    refusalOf(error) ?? (isDatabaseUnavailable(error) ? databaseUnavailable() : frameworkFailureOf(error))
  );
};

const frameworkFailureOf = (error: unknown): Failure => {
  const { code, statusCode, message } = error as { code?: string; statusCode?: number; message?: string };
  if (code === "FST_ERR_CTP_INVALID_JSON_BODY" || code === "FST_ERR_CTP_EMPTY_JSON_BODY")
    return malformedJson();
  if (code === "FST_ERR_CTP_INVALID_MEDIA_TYPE") return unsupportedMediaType();
  if (code === "FST_ERR_CTP_BODY_TOO_LARGE") return bodyTooLarge();
  // Fastify's own messages describe the request; messages of other errors may reveal internals.
  const refused = code?.startsWith("FST_") && statusCode && statusCode >= 400 && statusCode < 500;
  return refused ? badRequest(statusCode, message ?? "The request cannot be read.") : internalError();
};

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url;
