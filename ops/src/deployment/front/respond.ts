import type { ServerResponse } from "node:http";
import { defineFailure } from "../../core/failure.ts";

const notForwardable = defineFailure({
  code: "EB_FRONT_REQUEST",
  status: 400,
  detail: "This request cannot be forwarded.",
  remedy: "Correct its method and its target.",
});

const lost = defineFailure({
  code: "EB_FRONT_LOST",
  status: 502,
  detail: "The service ended before it answered.",
  remedy: "Check whether the request took effect, then try again.",
});

const unavailable = defineFailure({
  code: "EB_FRONT_UNAVAILABLE",
  status: 503,
  detail: "The service is starting or has ended.",
  remedy: "Try again in a few seconds.",
});

const failures = { 400: notForwardable, 502: lost, 503: unavailable };

/** Answers a request that no slot answers. */
export const respondWithProblem = (response: ServerResponse, status: keyof typeof failures): void => {
  const body = JSON.stringify(failures[status]().toProblem());
  if (status === 503) response.setHeader("retry-after", 1);
  response.writeHead(status, {
    "content-type": "application/problem+json",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
};
