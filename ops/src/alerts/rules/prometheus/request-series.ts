/** The histogram of requests in `/metrics`. */
export const requestSeconds = "http_server_request_duration_seconds";

/** Selects the requests that count for rates: without the platform's own routes and the probes of the service. */
export const countedOnly = '{excluded_from_rates=""}';

/** The longest supported scrape interval. */
export const scrapeEveryMs = 15_000;

const rateWindowMs = 60_000;

/**
 * How long a percentile must be over its limit in Prometheus. `rate` extrapolates each bucket on its own: after the first
 * scrape of a route, and after a restart, the buckets grow by different amounts, and a percentile of seconds appears
 * where the slowest request took 168 ms. It is right again when these samples have left the window.
 */
export const percentileSettlesMs = rateWindowMs + scrapeEveryMs;

/** The ratio of errors; the clamp keeps the square root of the bound defined. */
export const errorRatio = (errors: string, requests: string): string =>
  `clamp_max(${errors} / (${requests} > 0), 1)`;

/** The z-score of a one-sided 95 % bound, as in the built-in rule. */
const z = 1.644854;

/** The lower end of the Wilson interval; see `wilsonLowerBound`. */
export const lowerBound = (ratio: string, total: string): string =>
  [
    `(${ratio} + ${z} ^ 2 / (2 * ${total})`,
    `  - ${z} * sqrt((${ratio} * (1 - ${ratio}) + ${z} ^ 2 / (4 * ${total})) / ${total}))`,
    `/ (1 + ${z} ^ 2 / ${total})`,
  ].join("\n");
