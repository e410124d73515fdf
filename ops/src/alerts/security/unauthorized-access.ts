import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Logger } from "../../core/logger.ts";
import { quotedName, unformatted } from "../../core/safe-names.ts";
import { sanitizeText } from "../model/sanitize.ts";
import type { BruteForceDetector, Refused } from "./brute-force-detector.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /**
     * Marks a login route, and returns the account that a request tries; a denied request counts as a failed login.
     */
    loginFor?: (request: FastifyRequest) => string | undefined;
  }
}

export interface RefusalSource {
  watch: BruteForceDetector;
  /** The account of a request; null if it is unknown. */
  whoIs: (request: FastifyRequest) => Promise<{ id: string; name: string } | null>;
  /** Whether the account may use at least some routes of the platform. */
  mayOperate: (request: FastifyRequest) => Promise<boolean>;
  /** Error codes of denied requests that are not suspicious. */
  harmless: readonly string[];
  log: Pick<Logger, "debug">;
}

/** 429 answers too many attempts, so an attempt after it counts as well. */
const failedLogin = new Set([401, 429]);

/** Reports a failed request to the detector if it was denied. */
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

/** Reports denied requests of known accounts on the routes of this scope to the detector. */
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

/** The body of a login may not be validated yet. */
const accountFrom = (named: unknown): string | undefined =>
  typeof named === "string" ? unformatted(sanitizeText(named, longestAccount)) : undefined;

const placeOf = ({ ip, method, routeOptions }: FastifyRequest): Refused => ({
  address: ip,
  route: `${method} ${routeOptions.url ?? "unmatched"}`,
});

/** The account needs the database, which may be unavailable; the address is always known. */
const withAccount = async (request: FastifyRequest, { whoIs, log }: RefusalSource): Promise<Refused> => {
  const place = placeOf(request);
  try {
    const person = await whoIs(request);
    return person === null ? place : { ...place, account: `${quotedName(person.name)} (${person.id})` };
  } catch (err) {
    log.debug({ err }, "the account of a denied request could not be read");
    return place;
  }
};
