import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../core/logger.ts";
import { quotedName, unformatted } from "../../core/safe-names.ts";
import { sanitizeText } from "../model/sanitize.ts";
import type { BruteForceDetector, Refused } from "./brute-force-detector.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Says of a route that it logs people in, and which account a request tries; a refusal is a failed login. */
    loginFor?: (request: FastifyRequest) => string | undefined;
  }
}

export interface RefusalSource {
  watch: BruteForceDetector;
  /** Who asks, as the service knows them; null for a stranger. */
  whoIs: (request: FastifyRequest) => Promise<{ id: string; name: string } | null>;
  /** Whether the one asking may use the routes of the platform, be it not all of them. */
  mayOperate: (request: FastifyRequest) => Promise<boolean>;
  /** Codes of refusals that say nothing against whoever is refused. */
  harmless: readonly string[];
  log: Pick<Logger, "debug">;
}

/** Too many attempts are answered with 429: whoever goes on after that has not stopped. */
const failedLogin = new Set([401, 429]);

/** Tells the watch of a request that has failed, if it was refused. */
export const recordRefusal = (request: FastifyRequest, reply: FastifyReply, source: RefusalSource): void => {
  const { watch, harmless } = source;
  const { statusCode, problemCode } = reply;
  if (problemCode !== undefined && harmless.includes(problemCode)) return;
  const { loginFor } = request.routeOptions.config;
  if (loginFor !== undefined && failedLogin.has(statusCode)) {
    watch.failedLogin({ ...placeOf(request), account: accountFrom(loginFor(request)) });
  } else if (statusCode === 401) {
    watch.refused(placeOf(request));
  } else if (statusCode === 403) {
    void withAccount(request, source).then((refused) => watch.refused(refused));
  }
};

/** Tells the watch of everybody known who is refused in this scope: the routes of the platform itself. */
export const watchUnauthorizedAccess = (scope: FastifyInstance, source: RefusalSource): void => {
  scope.addHook("onResponse", (request, { statusCode, problemCode }, done) => {
    done();
    if (statusCode === 403 && !source.harmless.includes(problemCode ?? "")) {
      void Promise.all([withAccount(request, source), source.mayOperate(request)]).then(
        ([refused, mayOperate]) => source.watch.trespass({ ...refused, mayOperate }),
      );
    }
  });
};

/** An address of mail has at most 254 characters. */
const longestAccount = 254;

/** Where the body of a login is not validated, a stranger puts there what they like. */
const accountFrom = (named: unknown): string | undefined =>
  typeof named === "string" ? unformatted(sanitizeText(named, longestAccount)) : undefined;

const placeOf = ({ ip, method, routeOptions }: FastifyRequest): Refused => ({
  address: ip,
  route: `${method} ${routeOptions.url ?? "unmatched"}`,
});

/** The account needs the database, which may be away; the address is known in any case. */
const withAccount = async (request: FastifyRequest, { whoIs, log }: RefusalSource): Promise<Refused> => {
  const place = placeOf(request);
  try {
    const person = await whoIs(request);
    return person === null ? place : { ...place, account: `${quotedName(person.name)} (${person.id})` };
  } catch (err) {
    log.debug({ err }, "nobody could say who was refused");
    return place;
  }
};
