interface Counted {
  requests: number;
  errors: number;
}

/**
 * The requests since a move on the routes that the step affects, such as `POST /api/orders`; on all routes if it
 * declares none, or none of them was requested.
 */
export const requestsSince = (
  since: Counted & { routes: readonly (Counted & { route: string; method: string })[] },
  affected: readonly string[],
): Counted & { isAffected: boolean } => {
  const matching = since.routes.filter(({ method, route }) => affected.includes(`${method} ${route}`));
  if (matching.length === 0) return { requests: since.requests, errors: since.errors, isAffected: false };
  const sum = (of: (route: Counted) => number) => matching.reduce((total, route) => total + of(route), 0);
  return { requests: sum(({ requests }) => requests), errors: sum(({ errors }) => errors), isAffected: true };
};
