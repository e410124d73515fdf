import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import type { FastifyReply, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { hasZodFastifySchemaValidationErrors } from "fastify-type-provider-zod";
import { defineFailure, Failure } from "../core/failure.ts";
import { refusalOf } from "./database-errors.ts";
import { refuseUnstorable } from "./request-content.ts";

declare module "fastify" {
  interface FastifyReply {
    /** The error code of the response. */
    problemCode?: string;
    /** The change whose behaviour raised the error. */
    problemStep?: number;
  }
}

export interface ProblemsOptions {
  /**
   * Whether an error means that the database cannot be reached, as opposed to an error that it returned. Without it, no
   * error does.
   */
  isDatabaseUnavailable?: (error: unknown) => boolean;
}

const retryAfterSeconds = 2;

const invalidRequest = defineFailure({
  code: "EB_INVALID_REQUEST",
  status: 400,
  detail: "The request is invalid: {errors}.",
  remedy: "Correct the fields in errors; /api/docs describes them.",
});

const malformedJson = defineFailure({
  code: "EB_MALFORMED_JSON",
  status: 400,
  detail: "The body is not valid JSON.",
  remedy: "Send valid JSON in UTF-8.",
});

const unsupportedMediaType = defineFailure({
  code: "EB_UNSUPPORTED_MEDIA_TYPE",
  status: 415,
  detail: "The content type of the body is not supported.",
  remedy: "Send content-type: application/json.",
});

const bodyTooLarge = defineFailure({
  code: "EB_BODY_TOO_LARGE",
  status: 413,
  detail: "The body is too large.",
  remedy: "Send a smaller body.",
});

const requestTooSlow = defineFailure({
  code: "EB_REQUEST_TOO_SLOW",
  status: 408,
  detail: "The request did not arrive in time.",
  remedy: "Send headers and body without delay; send a smaller body over a slow connection.",
});

const headersTooLarge = defineFailure({
  code: "EB_HEADERS_TOO_LARGE",
  status: 431,
  detail: "The headers are too large.",
  remedy: "Send fewer or shorter headers.",
});

const notHttp = defineFailure({
  code: "EB_NOT_HTTP",
  status: 400,
  detail: "The request is not valid HTTP/1.1.",
  remedy: "Use an HTTP client.",
});

const clientErrors: Record<string, () => Failure> = {
  ERR_HTTP_REQUEST_TIMEOUT: requestTooSlow,
  HPE_HEADER_OVERFLOW: headersTooLarge,
};

const badRequest = defineFailure({
  code: "EB_BAD_REQUEST",
  status: 400,
  detail: "{detail}",
  remedy: "Correct the request; /api/docs describes the routes.",
});

const rateLimited = defineFailure({
  code: "EB_TOO_MANY_REQUESTS",
  status: 429,
  detail: "Too many requests; send the next in {seconds} seconds.",
  remedy: "Wait for the time in the retry-after header.",
});

/** Too many requests from one address; `retry-after` is in the headers. */
export const tooManyRequests = (afterSeconds: number) =>
  rateLimited({ seconds: afterSeconds }, { retry_after_seconds: afterSeconds });

const databaseUnavailable = defineFailure({
  code: "EB_DATABASE_UNAVAILABLE",
  status: 503,
  detail: "The database cannot be reached at the moment.",
  remedy: "Try again in a few seconds.",
});

const internalError = defineFailure({
  code: "EB_INTERNAL",
  status: 500,
  detail: "An internal error occurred.",
  remedy: "Try again; if the error persists, report the time of the request to the operator.",
});

const routeNotFound = defineFailure({
  code: "EB_ROUTE_NOT_FOUND",
  status: 404,
  detail: "There is no {method} {path}.",
  remedy: "See /api/docs for the routes.",
});

/**
 * Turns every error into an RFC 9457 `application/problem+json` response: a Failure as it is, an invalid request with
 * the invalid fields, an unreachable database as 503, and any other error as a 500 without details, which is logged.
 */
export const problems = fastifyPlugin<ProblemsOptions>(
  async (app, { isDatabaseUnavailable = () => false }) => {
    app.decorateReply("problemCode");
    app.decorateReply("problemStep");
    app.addHook("preValidation", async ({ body, query, params }) =>
      refuseUnstorable({ body, query, params }),
    );
    app.setErrorHandler((error, request, reply) =>
      answerProblem(failureOf(error, isDatabaseUnavailable), request, reply, error),
    );
    app.setNotFoundHandler((request, reply) =>
      answerProblem(routeNotFound({ method: request.method, path: pathOf(request.url) }), request, reply),
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
  if (Number.isInteger(failure.extra.step)) reply.problemStep = Number(failure.extra.step);
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
      {
        errors: error.validation
          .map(({ instancePath, message = "is not valid" }) => ({
            path: `${place}${instancePath === "/" ? "" : instancePath.replaceAll("/", ".")}`,
            message,
          }))
          .map(({ path, message }) => `${path}: ${message}`)
          .join("; "),
      },
      {
        errors: error.validation.map(({ instancePath, message = "is not valid" }) => ({
          path: `${place}${instancePath === "/" ? "" : instancePath.replaceAll("/", ".")}`,
          message,
        })),
      },
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
  return refused
    ? badRequest({ detail: message ?? "The request cannot be read." }, {}, { status: statusCode })
    : internalError();
};

const pathOf = (url: string): string => url.split("?", 1)[0] ?? url;
