import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { z } from "zod";
import type { OperationRequest } from "../engine/request.ts";
import type { OperationResult } from "../execution/execute.ts";

/** The headers of a request for a move. Others pass. */
export const moveHeaders = z.looseObject({
  prefer: z
    .string()
    .optional()
    .describe("With `respond-async`, the response is sent once the operation has begun."),
});

/** The response to a move with `Prefer: respond-async`. */
export const begunSchema = z.object({
  operation: z.object({ id: z.string() }).describe("Its events are at /api/rollback/operations/:id/events."),
});

/** Whether a header `Prefer` (RFC 7240) includes the preference `respond-async`. */
export const prefersAsync = (prefer: string | string[] | undefined): boolean =>
  [prefer ?? []]
    .flat()
    .flatMap((header) => header.split(","))
    .some((preference) => /^\s*respond-async\s*(;|$)/i.test(preference));

type Move = (hooks: Pick<OperationRequest, "onBegin">) => Promise<OperationResult>;

/**
 * Returns a function that responds to a move: 200 at its end, or 202 if a second person must approve it first. With
 * `Prefer: respond-async`, it responds with 202 as soon as the operation has begun, so that every refusal is still the
 * response. A server that stops waits for the moves that it has begun.
 */
export const moveResponder = (app: FastifyInstance) => {
  const moving = new Set<Promise<unknown>>();
  app.addHook("onClose", async () => {
    await Promise.all(moving);
  });

  /** Resolves with the id of an operation that has begun, or the result of one that ends or is not needed. */
  const begin = (request: FastifyRequest, move: Move): Promise<OperationResult | string> =>
    new Promise((resolve, reject) => {
      let operation: string | undefined;
      const onBegin = (id: string) => {
        operation = id;
        resolve(id);
      };
      const ended = move({ onBegin }).then(resolve, (err: unknown) => {
        // Without a client that waits for it, the failure is in the operation, the ledger and here.
        if (operation !== undefined) request.log.warn({ err, operation }, "a move failed");
        reject(err);
      });
      moving.add(ended);
      void ended.finally(() => moving.delete(ended));
    });

  return async (request: FastifyRequest, reply: FastifyReply, move: Move) => {
    const moved = await (prefersAsync(request.headers.prefer) ? begin(request, move) : move({}));
    if (typeof moved === "string") {
      return reply
        .code(202)
        .header("preference-applied", "respond-async")
        .header("location", `/api/rollback/operations/${moved}`)
        .send({ operation: { id: moved } });
    }
    return moved.approval ? reply.code(202).send({ approval: moved.approval }) : moved;
  };
};
