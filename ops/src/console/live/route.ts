import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { defineFailure, Failure } from "../../core/failure.ts";
import { textOf } from "./event.ts";
import { LiveHub, type LiveHubOptions } from "./hub.ts";

export interface LiveRouteOptions extends LiveHubOptions {
  /** Refuses requests that are not from an operator. */
  operatorOnly: (request: FastifyRequest) => Promise<void>;
  heartbeatEveryMs?: number;
  /** How often the login of an open stream is checked. */
  authorizeEveryMs?: number;
}

const maxClients = 200;

const tooManyStreams = defineFailure({
  code: "EB_TOO_MANY_STREAMS",
  status: 503,
  detail: `This process already serves ${maxClients} live streams.`,
  remedy: "Close other consoles, or poll the routes.",
});

/** `GET /api/live`: what changes, as server-sent events. */
export const liveRoute: FastifyPluginAsyncZod<LiveRouteOptions> = async (
  app,
  { operatorOnly, heartbeatEveryMs = 5_000, authorizeEveryMs = 10_000, ...options },
) => {
  const hub = new LiveHub(options);
  // A server that stops ends the streams instead of waiting for clients to leave.
  app.addHook("preClose", async () => hub.close());

  app.get(
    "/api/live",
    {
      onRequest: operatorOnly,
      exposeHeadRoute: false,
      config: { streams: true, problems: [503] },
      schema: {
        tags: ["console"],
        summary: "Follow what changes: server-sent events.",
        description:
          "Begins with `snapshot` (health, alerts, mutes, operation, release), then sends `health` and `slice` (requests by " +
          "route) after each check, and `alert`, `mute`, `operation`, `progress` and `release` when they change. `heartbeat` has " +
          "the time of the server. With Last-Event-ID, the stream resumes after that event if it is recent. When the " +
          "login has ended, the stream sends `end` and closes.",
        produces: ["text/event-stream"],
      },
    },
    async (request, reply) => {
      if (hub.size >= maxClients) throw tooManyStreams();
      const lastEventId = request.headers["last-event-id"];
      const client = await hub.join(typeof lastEventId === "string" ? lastEventId : undefined);
      client.send(hub.heartbeat());
      const heartbeats = setInterval(() => client.send(hub.heartbeat()), heartbeatEveryMs).unref();
      const checks = setInterval(() => {
        operatorOnly(request).catch((error: unknown) => {
          if (!isRefusal(error)) return;
          client.end(textOf({ event: "end", data: { code: error.code } }));
        });
      }, authorizeEveryMs).unref();
      client.stream.once("close", () => {
        clearInterval(heartbeats);
        clearInterval(checks);
      });
      return reply
        .headers({ "cache-control": "no-store", "x-accel-buffering": "no" })
        .type("text/event-stream")
        .send(client.stream);
    },
  );
};

/** An unavailable database does not end a login. */
const isRefusal = (error: unknown): error is Failure =>
  error instanceof Failure && (error.status === 401 || error.status === 403);
