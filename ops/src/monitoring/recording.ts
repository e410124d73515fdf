import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from "fastify";
import type { Endpoint } from "./endpoint.ts";
import type { PerformanceMetrics } from "./performance-metrics.ts";
import { clientWentAway } from "./traffic.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Whether the route answers with a stream that lasts as long as what it tells of. */
    streams?: boolean;
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
  app.addHook("onRequest", (request, reply, done) => {
    const recording = new Recording(performance.arrive());
    request.earlybirdRecording = recording;
    const response = reply.raw;
    // Not Fastify's onResponse: it never comes when the client gives up, and those are the slow ones.
    response.on("close", () => {
      // No route, or another hook has refused it before.
      if (!recording.endpoint)
        recording.enter(performance.endpoint(request.method, request.routeOptions.url));
      const status = response.writableEnded ? response.statusCode : clientWentAway;
      recording.end(status, status < 400 ? undefined : reply.problemCode);
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
  end(status: number, code: string | undefined): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.endpoint?.finish(this.arrivedMs, status, code);
  }
}

/** The hook of a route that knows its endpoint. Fastify's `routeOptions` does, too, but is put together each time. */
const entering = ({ url, config }: RouteOptions, performance: PerformanceMetrics) => {
  let endpoint: Endpoint | undefined;
  return ({ method, earlybirdRecording }: FastifyRequest, { raw }: FastifyReply, done: () => void): void => {
    if (endpoint?.method !== method) endpoint = performance.endpoint(method, url);
    earlybirdRecording?.enter(endpoint);
    // How long somebody watches says nothing of how quick the service is; when it began to answer does.
    if (config?.streams) raw.once("pipe", () => earlybirdRecording?.end(raw.statusCode, undefined));
    done();
  };
};
