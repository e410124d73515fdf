import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { countRefusal, type RefusalCounting, withAccount } from "./refusal.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * Marks a login route, and returns the account that a request tries; a denied request counts as a failed login.
     */
    loginFor?: (request: FastifyRequest) => string | undefined;
  }
}

export interface RefusalSource extends RefusalCounting {
  /** The account of a request; null if it is unknown. */
  whoIs: (request: FastifyRequest) => Promise<{ id: string; name: string } | null>;
  /** Whether the account may use at least some routes of the platform. */
  mayOperate: (request: FastifyRequest) => Promise<boolean>;
}

/** Reports a failed request to the detector if it was denied. */
export const recordRefusal = (request: FastifyRequest, reply: FastifyReply, source: RefusalSource): void => {
  const { loginFor } = request.routeOptions.config;
  const { statusCode: status, problemCode: code } = reply;
  const login = loginFor && { account: loginFor(request) };
  countRefusal({ ...placeOf(request, source), status, code, login }, source);
};

/** Reports denied requests of known accounts on the routes of this scope to the detector. */
export const watchUnauthorizedAccess = (scope: FastifyInstance, source: RefusalSource): void => {
  scope.addHook("onResponse", (request, { statusCode, problemCode }, done) => {
    done();
    if (statusCode === 403 && !source.harmless.includes(problemCode ?? "")) {
      void Promise.all([withAccount(placeOf(request, source), source.log), source.mayOperate(request)]).then(
        ([refused, mayOperate]) => source.watch.trespass({ ...refused, mayOperate }),
      );
    }
  });
};

const placeOf = (request: FastifyRequest, { whoIs }: RefusalSource) => ({
  address: request.ip,
  route: `${request.method} ${request.routeOptions.url ?? "unmatched"}`,
  whoIs: () => whoIs(request),
});
