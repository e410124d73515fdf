import { tooManyRequests } from "earlybird";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

const failuresAllowed = 10;
const windowMs = 5 * 60_000;

/**
 * Runs a login, and counts it when it fails: after ten failures in five minutes an account is closed to
 * the address they came from. Logins that succeed are not counted, so nobody is locked out by using it.
 */
export const createLoginAttempts = (app: FastifyInstance) => {
  const limit = app.createRateLimit({
    max: failuresAllowed - 1,
    timeWindow: windowMs,
    allowList: [],
    keyGenerator: (request) => `${request.ip} ${(request.body as { email: string }).email}`,
  });
  return async <T>(request: FastifyRequest, reply: FastifyReply, attempt: () => Promise<T>): Promise<T> => {
    const before = await limit(request, { increment: false });
    if (!before.isAllowed && before.isExceeded) {
      reply.header("retry-after", before.ttlInSeconds);
      throw tooManyRequests(before.ttlInSeconds);
    }
    try {
      return await attempt();
    } catch (error) {
      if ((error as { status?: number }).status === 401) await limit(request);
      throw error;
    }
  };
};
