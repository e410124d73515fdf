import { defineFailure } from "@earlybird-ops/platform";
import type { FastifyReply } from "fastify";

const retryAfterSeconds = 1;

const stillInProgress = defineFailure({
  code: "EB_IDEMPOTENCY_IN_PROGRESS",
  status: 409,
  detail: "A request with this Idempotency-Key is still being processed.",
  remedy: "Repeat the request with the same key after the time in the retry-after header.",
});

/** Also sets `Retry-After`. */
export const inProgress = (reply: FastifyReply) => {
  reply.header("retry-after", retryAfterSeconds);
  return stillInProgress();
};

export const keyReused = defineFailure({
  code: "EB_IDEMPOTENCY_KEY_REUSED",
  status: 422,
  detail: "This Idempotency-Key was sent with another request in the last 24 hours.",
  remedy: "Use a new key for each request, and the same key only to repeat one unchanged.",
});

export const answerLost = defineFailure({
  code: "EB_IDEMPOTENCY_ANSWER_LOST",
  status: 409,
  detail: "The request with this Idempotency-Key succeeded, but its response is no longer available.",
  remedy: "Read the result with a GET request; do not repeat the request with another key.",
});
