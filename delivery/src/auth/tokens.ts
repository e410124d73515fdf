import type { Clock } from "earlybird";
import type { FastifyInstance } from "fastify";
import { z } from "zod";

/** How long a login lasts, in seconds. */
export const tokenLifetimeSeconds = 12 * 3_600;

/** How `@fastify/jwt` is to be registered: expiry is checked here, by the clock that logic is given. */
export const jwtOptions = (secret: string) => ({
  secret,
  sign: { algorithm: "HS256" as const },
  verify: { algorithms: ["HS256" as const], ignoreExpiration: true },
});

const claims = z.object({ sub: z.string(), exp: z.number() });

/** A bearer token for the user. It carries the id and nothing else: role and state are looked up each time. */
export const issueToken = (app: FastifyInstance, clock: Clock, userId: string): string => {
  const iat = Math.floor(clock.now().getTime() / 1_000);
  return app.jwt.sign({ sub: userId, iat, exp: iat + tokenLifetimeSeconds });
};

/** The user id of an `authorization` header; undefined when the token is absent, forged or over. */
export const readToken = (
  app: FastifyInstance,
  clock: Clock,
  header: string | undefined,
): string | undefined => {
  const token = /^Bearer +(\S+)$/i.exec(header ?? "")?.[1];
  if (!token) return undefined;
  try {
    const { sub, exp } = claims.parse(app.jwt.verify(token));
    return exp * 1_000 > clock.now().getTime() ? sub : undefined;
  } catch {
    return undefined;
  }
};
