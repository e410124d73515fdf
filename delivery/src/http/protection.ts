import { tooManyRequests } from "@earlybird-ops/platform";
import helmet from "@fastify/helmet";
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import type { FastifyInstance, FastifyRequest, onRequestAsyncHookHandler } from "fastify";
import { loopback } from "../addresses.ts";
import { jwtOptions } from "../auth/index.ts";

const requestsPerMinute = 3_000;

/** Sets security headers that restrict pages to what they need. */
export const registerSecurityHeaders = async (app: FastifyInstance): Promise<void> => {
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'", "data:"],
        // The default redirects browsers to https, which a server on a laptop or behind a proxy lacks.
        upgradeInsecureRequests: null,
      },
    },
  });
};

/**
 * Limits the requests of each address, high enough that only floods reach it, on every route that is registered after it,
 * before the route's own hooks. A route with `config.rateLimit: false`, such as a probe, has no limit.
 *
 * @returns the limit, for scopes whose hooks run before those of a route; a request counts once
 */
export const registerRateLimit = async (app: FastifyInstance): Promise<onRequestAsyncHookHandler> => {
  await app.register(rateLimit, {
    global: false,
    max: requestsPerMinute,
    timeWindow: 60_000,
    allowList: loopback,
    errorResponseBuilder: (_request, { ttl }) => tooManyRequests(Math.ceil(ttl / 1_000)),
  });
  const count = app.rateLimit();
  const counted = new WeakSet<FastifyRequest>();
  const limit: onRequestAsyncHookHandler = async function (request, reply) {
    if (counted.has(request) || request.routeOptions.config.rateLimit === false) return;
    counted.add(request);
    await count.call(this, request, reply);
  };
  app.addHook("onRoute", (route) => {
    route.onRequest = [limit, ...[route.onRequest ?? []].flat()];
  });
  return limit;
};

/** Registers the signing of tokens. */
export const registerTokens = async (app: FastifyInstance, jwtSecret: string): Promise<void> => {
  await app.register(jwt, jwtOptions(jwtSecret));
};
