import type { Clock } from "@earlybird-ops/platform";
import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { userOfJourney } from "./journey-token.ts";

/** How long an access token lasts, in seconds. */
export const tokenLifetimeSeconds = 15 * 60;

/** How `@fastify/jwt` is to be registered: expiry is checked here, by the clock that logic is given. */
export const jwtOptions = (secret: string) => ({
  secret,
  sign: { algorithm: "HS256" as const },
  verify: { algorithms: ["HS256" as const], ignoreExpiration: true },
});

const claims = z.object({ sid: z.string(), exp: z.number() });

/** An access token of a session. It carries no more than the id: user, role and state are looked up each time. */
export const issueToken = (app: FastifyInstance, clock: Clock, sessionId: string): string => {
  const iat = Math.floor(clock.now().getTime() / 1_000);
  return app.jwt.sign({ sid: sessionId, iat, exp: iat + tokenLifetimeSeconds });
};

const reading = new Set(["GET", "HEAD"]);

/**
 * The session of a request's token, and whether the token has ended; undefined when it is absent or forged, or of a journey
 * that writes.
 */
export const readToken = (
  app: FastifyInstance,
  clock: Clock,
  { headers, method }: Pick<FastifyRequest, "headers" | "method">,
): { sessionId: string; expired: boolean } | undefined => {
  const token = /^Bearer +(\S+)$/i.exec(headers.authorization ?? "")?.[1];
  if (!token) return undefined;
  try {
    const { sid, exp } = claims.parse(app.jwt.verify(token));
    if (userOfJourney(sid) !== undefined && !reading.has(method)) return undefined;
    return { sessionId: sid, expired: exp * 1_000 <= clock.now().getTime() };
  } catch {
    return undefined;
  }
};
