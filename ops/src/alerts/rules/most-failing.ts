import type { ObservedEndpoint } from "./rule.ts";

const mostNamed = 3;

/**
 * The endpoints with the most errors: `POST /api/orders: 41 of 60, last 500 EB_INTERNAL`; empty without any.
 */
export const mostFailing = (endpoints: readonly ObservedEndpoint[]): string =>
  endpoints
    .filter(({ errors }) => errors > 0)
    .sort((a, b) => b.errors - a.errors)
    .slice(0, mostNamed)
    .map(({ method, route, errors, requests, last_error: last }) => {
      const reason = last ? `, last ${last.status}${last.code === null ? "" : ` ${last.code}`}` : "";
      return `${method} ${route}: ${errors} of ${requests}${reason}`;
    })
    .join("; ");
