import { Readable } from "node:stream";
import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import type { RollbackManager } from "../manager.ts";
import type { OperationEvent } from "../operations/watch.ts";
import { operationParams } from "./request-schemas.ts";

/** Proxies close what is silent for a minute or so. */
const quietLooksPerHeartbeat = 30;

/** An operation as server-sent events: `step`, `progress`, and `end`, after which the stream closes. */
export const eventRoutes: FastifyPluginAsyncZod<{
  manager: RollbackManager;
  operatorOnly: onRequestAsyncHookHandler;
}> = async (app, { manager, operatorOnly }) => {
  const open = new Set<AbortController>();
  // A server that stops closes streams instead of waiting for operations to end.
  app.addHook("preClose", async () => {
    for (const watching of open) watching.abort();
  });

  app.get(
    "/api/rollback/operations/:id/events",
    {
      onRequest: operatorOnly,
      exposeHeadRoute: false,
      config: { streams: true },
      schema: {
        tags: ["rollback"],
        summary: "An operation as it happens: server-sent events.",
        description:
          "`step` carries a step's receipt, `progress` the rows done and left of a long one, `end` the " +
          "operation and its failure, if any. With Last-Event-ID, steps known already are left out.",
        produces: ["text/event-stream"],
        params: operationParams,
      },
    },
    async (request, reply) => {
      const watching = new AbortController();
      open.add(watching);
      reply.raw.once("close", () => {
        open.delete(watching);
        watching.abort();
      });
      const stepsSeen = Number(/^\d{1,6}$/.exec(String(request.headers["last-event-id"]))?.[0] ?? 0);
      const events = manager.watchOperation(request.params.id, { stepsSeen, signal: watching.signal });
      // Before anything is sent: an unknown operation is a problem document, no stream.
      const first = await events.next();
      return reply
        .headers({ "cache-control": "no-store", "x-accel-buffering": "no" })
        .type("text/event-stream")
        .send(Readable.from(textOf(first, events)));
    },
  );
};

async function* textOf(
  first: IteratorResult<OperationEvent>,
  rest: AsyncGenerator<OperationEvent>,
): AsyncGenerator<string> {
  yield ": watching\n\n";
  let quiet = 0;
  for (let next = first; !next.done; next = await rest.next()) {
    const { value } = next;
    quiet = value.event === "quiet" ? quiet + 1 : 0;
    if (value.event !== "quiet") yield message(value);
    else if (quiet % quietLooksPerHeartbeat === 0) yield ": still running\n\n";
  }
}

const message = (event: Exclude<OperationEvent, { event: "quiet" }>): string => {
  const send = (name: string, data: object, id?: number) =>
    `${id === undefined ? "" : `id: ${id}\n`}event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
  switch (event.event) {
    case "step":
      return send("step", event.receipt, event.number);
    case "progress":
      return send("progress", event.progress);
    case "end":
      return send("end", { operation: event.operation, failure: event.failure });
  }
};
