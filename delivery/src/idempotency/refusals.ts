import { Failure } from "earlybird";
import type { FastifyReply } from "fastify";

const retryAfterSeconds = 1;

/** Also sets `Retry-After`. */
export const inProgress = (reply: FastifyReply) => {
  reply.header("retry-after", retryAfterSeconds);
  return new Failure(
    "EB_IDEMPOTENCY_IN_PROGRESS",
    409,
    "A request with this Idempotency-Key is still being processed.",
    "Repeat the request with the same key after the time in the retry-after header.",
  );
};

export const keyReused = () =>
  new Failure(
    "EB_IDEMPOTENCY_KEY_REUSED",
    422,
    "This Idempotency-Key was sent with another request in the last 24 hours.",
    "Use a new key for each request, and the same key only to repeat one unchanged.",
  );

export const answerLost = () =>
  new Failure(
    "EB_IDEMPOTENCY_ANSWER_LOST",
    409,
    "The request with this Idempotency-Key was carried out, but its answer is no longer available.",
    "Look the result up with a GET request; do not repeat the request with another key.",
  );
