import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { claimKey, releaseClaim, storeAnswer } from "./claims.ts";
import { answerLost, inProgress, keyReused } from "./refusals.ts";
import { createSeal, type Seal } from "./seal.ts";
import { type KeyedWork, type Results, runKeyed } from "./transaction-results.ts";

const headers = z.looseObject({
  "idempotency-key": z
    .string()
    .regex(/^[\x20-\x7e]{1,255}$/, "must have 1 to 255 printable ASCII characters")
    .optional()
    .describe(
      "a unique value for each request; a retry with the same key within 24 hours has no further effect",
    ),
});

/** The responses of these routes contain secrets, or the requests are safe to repeat. */
const excluded = "/api/auth/";

interface Answer {
  status: number;
  type: string;
  body: string;
  problemCode: string | undefined;
}

/**
 * Adds support for `Idempotency-Key` to every POST route that is registered after it in the same scope, except logins: a
 * request with the same key runs once and always gets the same response.
 *
 * Call this before `acceptEitherStyle`, which can run a handler more than once.
 */
export const acceptIdempotencyKeys = (api: FastifyInstance, context: ApiContext): void => {
  const seal = createSeal(context.jwtSecret);
  const works = new WeakMap<FastifyRequest, KeyedWork>();

  const storeOrRelease = async ({ claim }: KeyedWork, reply: FastifyReply, body: unknown): Promise<void> => {
    const { statusCode: status, problemCode } = reply;
    // These errors concern the key, not the request.
    const ownRefusal = problemCode?.startsWith("EB_IDEMPOTENCY_") ?? false;
    if (status >= 500 || status === 429 || ownRefusal || typeof body !== "string") {
      await releaseClaim(context, claim);
      return;
    }
    const answer: Answer = { status, type: String(reply.getHeader("content-type")), body, problemCode };
    await storeAnswer(context, claim, seal.close(claim.id, answer));
  };

  api.addHook("onRoute", (route) => {
    if (route.method !== "POST" || route.url.startsWith(excluded)) return;
    const { handler: handle } = route;

    const claim = async (request: FastifyRequest, reply: FastifyReply) => {
      const key = request.headers["idempotency-key"];
      if (typeof key !== "string") return;
      const { login, ip, params, query, body } = request;
      const standing = await claimKey(context, {
        owner: login ? { userId: login.id } : { address: ip },
        route: `POST ${route.url}`,
        key,
        fingerprint: seal.fingerprint([params, query, body]),
        now: context.clock.now(),
      });
      if (standing.state === "reused") throw keyReused();
      if (standing.state === "in_progress") throw inProgress(reply);
      if (standing.state === "answered") return replay(reply, seal.open(standing.id, standing.answer));
      const earlier = resultsOf(seal, standing);
      works.set(request, { claim: standing.claim, reply, seal, earlier, results: earlier });
    };

    const settle = async (request: FastifyRequest, reply: FastifyReply, payload: unknown) => {
      const work = works.get(request);
      if (work) {
        works.delete(request);
        // The work is committed: without a stored response, the next request with the key builds it again.
        await storeOrRelease(work, reply, payload).catch((err: unknown) =>
          request.log.warn({ err }, "the answer to a request with an Idempotency-Key could not be stored"),
        );
      }
      return payload;
    };

    route.schema = { ...route.schema, headers };
    route.preHandler = [...[route.preHandler ?? []].flat(), claim];
    route.onSend = [...[route.onSend ?? []].flat(), settle];
    route.handler = function (request, reply) {
      const work = works.get(request);
      const run = () => handle.call(this, request, reply);
      return work ? runKeyed(work, run) : run();
    };
  });
};

const resultsOf = (
  seal: Seal,
  { claim, results }: { claim: { id: number }; results: Buffer | null },
): Results => {
  if (results === null) return new Map();
  const earlier = seal.open(claim.id, results);
  if (!(earlier instanceof Map)) throw answerLost();
  return earlier;
};

const replay = (reply: FastifyReply, stored: unknown): FastifyReply => {
  if (stored === undefined) throw answerLost();
  const { status, type, body, problemCode } = stored as Answer;
  if (problemCode !== undefined) reply.problemCode = problemCode;
  return reply.code(status).type(type).header("idempotency-replayed", "true").send(body);
};
