import type { FastifyInstance } from "fastify";
import type { BruteForceDetector } from "./brute-force-detector.ts";

/** Reports each successful login to the detector. Only login routes (`config.loginFor`) get a hook. */
export const watchLogins = (app: FastifyInstance, watch: BruteForceDetector): void => {
  app.addHook("onRoute", (route) => {
    const loginFor = route.config?.loginFor;
    if (!loginFor) return;
    route.onResponse = [
      ...[route.onResponse ?? []].flat(),
      (request, { statusCode }, done) => {
        done();
        const { ip: address, method, routeOptions } = request;
        const place = { address, route: `${method} ${routeOptions.url}` };
        if (statusCode < 300) watch.succeededLogin({ ...place, account: loginFor(request) });
      },
    ];
  });
};
