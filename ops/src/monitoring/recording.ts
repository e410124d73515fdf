import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import onHeaders from "on-headers";
import type { Endpoint } from "./endpoint.ts";
import type { PerformanceMetrics } from "./performance-metrics.ts";
import { clientWentAway } from "./traffic.ts";
import { whenOver } from "./when-over.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route answers for as long as what it tells of lasts: it is recorded when the answer begins. */
    streams?: boolean;
  }
  interface FastifyInstance {
    /** Records a request that Fastify has refused before any hook saw it. */
    recordUnrouted?(method: string, status: number): void;
  }
  interface FastifyRequest {
    earlybirdRecording: Recording | null;
  }
}

/**
 * Records every request of an app, under its route's template.
 *
 * To be called before other hooks are added: what an earlier hook refuses is not seen.
 */
export const recordRequests = (
  app: FastifyInstance,
  { performance }: { performance: PerformanceMetrics },
): void => {
  app.decorateRequest("earlybirdRecording", null);
  app.decorate("recordUnrouted", (method: string, status: number) =>
    performance.endpoint(method).record(status, 0),
  );
  app.addHook("onRequest", (request, reply, done) => {
    const recording = new Recording(performance.arrive());
    request.earlybirdRecording = recording;
    const { raw } = request;
    const response = reply.raw;
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    whenOver(raw, response, () => {
      // No route, or another hook has refused it before.
      if (!recording.endpoint)
        recording.enter(performance.endpoint(request.method, request.routeOptions.url));
      if (isUpgraded(raw) && !response.headersSent) recording.forget();
      else recording.end(response.writableEnded ? response.statusCode : clientWentAway, reply);
    });
    done();
  });
  app.addHook("onRoute", (route) => {
    route.onRequest = [entering(route, performance), ...[route.onRequest ?? []].flat()];
  });
};

/** One request of an app. */
class Recording {
  endpoint: Endpoint | undefined;
  #isOver = false;

  constructor(readonly arrivedMs: number) {}

  enter(endpoint: Endpoint): void {
    this.endpoint = endpoint;
    endpoint.enter();
  }

  /** Only the first time counts. */
  end(status: number, { problemCode }: FastifyReply): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endpoint?.finish(this.arrivedMs, status, status < 400 ? undefined : problemCode);
  }

  /** It was no request in the end, but the beginning of a connection of another kind. */
  forget(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endpoint?.leave();
  }
}

/** Whether a WebSocket or the like has taken over the connection. Node knows, and its types do not. */
const isUpgraded = (request: object): boolean => "upgrade" in request && request.upgrade === true;

/** The hook of a route that knows its endpoint. Fastify's `routeOptions` does, too, but is put together each time. */
const entering = ({ url, config }: RouteOptions, performance: PerformanceMetrics) => {
  let endpoint: Endpoint | undefined;
  return (
    { method, earlybirdRecording: recording }: FastifyRequest,
    reply: FastifyReply,
    done: () => void,
  ) => {
    // A copy of a route has this hook of the original, too, after its own.
    if (recording && !recording.endpoint) {
      if (endpoint?.method !== method) endpoint = performance.endpoint(method, url);
      recording.enter(endpoint);
      // How long somebody watches says nothing of how quick the service is; when it began to answer does.
      if (config?.streams) onHeaders(reply.raw, () => recording.end(reply.raw.statusCode, reply));
    }
    done();
  };
};
