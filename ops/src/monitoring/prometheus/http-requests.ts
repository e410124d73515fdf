import type { EndpointTotals } from "../performance-metrics.ts";
import { type StatusTally, tallyBoundsMs } from "../tally.ts";
import { type Family, writeHead, writeLabels } from "./exposition.ts";

/** OpenTelemetry's `http.server.request.duration`, as its names are written for Prometheus. */
const name = "http_server_request_duration_seconds";

const head = writeHead({ name, help: "Duration of HTTP server requests.", type: "histogram" });
const bounds = [...tallyBoundsMs.map((boundMs) => String(boundMs / 1000)), "+Inf"];

/**
 * Writes the requests of all endpoints since the process started as a histogram for each route, method and class of
 * status (`2xx` where OpenTelemetry has the code itself, which would multiply the series).
 *
 * With two hundred routes these are ten thousand lines, most of them the same as at the last scrape: the lines of an
 * endpoint are written anew only when it has had a request since.
 */
export class HttpRequestLines {
  readonly #series = new Map<string, SeriesLines>();

  write(endpoints: readonly EndpointTotals[]): string {
    if (endpoints.length === 0) return "";
    const parts = [head];
    for (const { route, method, statuses } of endpoints) {
      for (const tally of statuses) parts.push(this.#seriesOf(route, method, tally.statusClass).write(tally));
    }
    return parts.join("");
  }

  #seriesOf(route: string, method: string, statusClass: number): SeriesLines {
    const key = `${statusClass} ${method} ${route}`;
    let series = this.#series.get(key);
    if (!series) {
      series = new SeriesLines({
        http_request_method: method,
        http_route: route,
        http_response_status_code: `${statusClass}xx`,
      });
      this.#series.set(key, series);
    }
    return series;
  }
}

/** The lines of one series: what stands before its numbers never changes. */
class SeriesLines {
  readonly #buckets: readonly string[];
  readonly #sum: string;
  readonly #count: string;
  #written = 0;
  #text = "";

  constructor(labels: Readonly<Record<string, string>>) {
    this.#buckets = bounds.map((le) => `${name}_bucket${writeLabels({ ...labels, le })} `);
    this.#sum = `${name}_sum${writeLabels(labels)} `;
    this.#count = `${name}_count${writeLabels(labels)} `;
  }

  write({ count, sumMs, buckets }: StatusTally): string {
    if (count === this.#written) return this.#text;
    let upTo = 0;
    const lines = this.#buckets.map((start, n) => {
      upTo += buckets[n] ?? 0;
      return `${start}${upTo}\n`;
    });
    // Joined, not added up: a string made of strings is dear to read.
    this.#text = [...lines, this.#sum, sumMs / 1000, "\n", this.#count, count, "\n"].join("");
    this.#written = count;
    return this.#text;
  }
}

/** The requests that count as errors, which their class of status alone does not tell. */
export const httpErrors = (endpoints: readonly EndpointTotals[]): Family => ({
  name: "earlybird_http_errors_total",
  help: "Requests that count as errors of the service.",
  type: "counter",
  samples: endpoints.map(({ method, route, errors }) => ({
    labels: { http_request_method: method, http_route: route },
    value: errors,
  })),
});
