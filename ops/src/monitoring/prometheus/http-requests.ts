import type { EndpointTotals } from "../performance-metrics.ts";
import { type StatusTally, tallyBoundsMs } from "../tally.ts";
import { type Family, writeHead, writeLabels } from "./exposition.ts";

/** OpenTelemetry's `http.server.request.duration`, as its names are written for Prometheus. */
const name = "http_server_request_duration_seconds";

const head = Buffer.from(writeHead({ name, help: "Duration of HTTP server requests.", type: "histogram" }));
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

  /** The parts of the text, in UTF-8; none without any request. */
  write(endpoints: readonly EndpointTotals[]): Buffer[] {
    const parts = endpoints.flatMap(({ route, method, statuses }) =>
      statuses.map((tally) => this.#seriesOf(route, method, tally.statusClass).write(tally)),
    );
    return parts.length === 0 ? [] : [head, ...parts];
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
  #text: Buffer = Buffer.alloc(0);

  constructor(labels: Readonly<Record<string, string>>) {
    this.#buckets = bounds.map((le) => `${name}_bucket${writeLabels({ ...labels, le })} `);
    this.#sum = `${name}_sum${writeLabels(labels)} `;
    this.#count = `${name}_count${writeLabels(labels)} `;
  }

  write({ count, sumMs, buckets }: StatusTally): Buffer {
    if (count === this.#written) return this.#text;
    let upTo = 0;
    const lines = this.#buckets.map((start, n) => {
      upTo += buckets[n] ?? 0;
      return `${start}${upTo}\n`;
    });
    this.#text = Buffer.from(`${lines.join("")}${this.#sum}${sumMs / 1000}\n${this.#count}${count}\n`);
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
