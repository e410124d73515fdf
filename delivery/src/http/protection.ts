import helmet from "@fastify/helmet";
import jwt from "@fastify/jwt";
import rateLimit from "@fastify/rate-limit";
import { tooManyRequests } from "earlybird";
import type { FastifyInstance } from "fastify";
import { jwtOptions } from "../auth/index.ts";
import { loopback } from "./addresses.ts";

const requestsPerMinute = 3_000;

/** Headers that keep a browser from doing more with our pages than they need. */
export const registerSecurityHeaders = async (app: FastifyInstance): Promise<void> => {
  await app.register(helmet, {
    contentSecurityPolicy: {
      directives: {
        defaultSrc: ["'self'"],
        styleSrc: ["'self'", "'unsafe-inline'"],
        imgSrc: ["'self'", "data:"],
        fontSrc: ["'self'", "data:"],
        // The default would send a browser to https, which a server on a laptop or behind a proxy lacks.
        upgradeInsecureRequests: null,
      },
    },
  });
};

/** A limit per address that only floods reach, and signed logins. */
export const registerProtection = async (app: FastifyInstance, jwtSecret: string): Promise<void> => {
  await app.register(rateLimit, {
    max: requestsPerMinute,
    timeWindow: 60_000,
    allowList: loopback,
    errorResponseBuilder: (_request, { ttl }) => tooManyRequests(Math.ceil(ttl / 1_000)),
  });
  await app.register(jwt, jwtOptions(jwtSecret));
};
