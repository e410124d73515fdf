import { bucketBoundsMs, type StatusHistogram } from "../requests/cumulative-histogram.ts";
import type { EndpointTotals } from "../requests/request-metrics.ts";
import { writeHead, writeLabels } from "./exporter.ts";

/** Prometheus name of OpenTelemetry's `http.server.request.duration`. */
const name = "http_server_request_duration_seconds";

const head = Buffer.from(writeHead({ name, help: "Duration of HTTP server requests.", type: "histogram" }));
const bounds = [...bucketBoundsMs.map((boundMs) => String(boundMs / 1000)), "+Inf"];

const errorsName = "earlybird_http_errors_total";
/** The status class alone does not tell which responses are errors. */
const errorsHelp = "Requests that count as errors of the service.";
const errorsHead = Buffer.from(writeHead({ name: errorsName, help: errorsHelp, type: "counter" }));

/**
 * Writes a histogram of the requests since the process started for each route, method and status class, and a counter of
 * errors. OpenTelemetry uses the status code instead of `2xx`, which would multiply the number of time series.
 *
 * 200 routes make thousands of lines, most of them unchanged since the last scrape. The lines of an endpoint are rewritten
 * only after a new request.
 */
export class HttpRequestLines {
  readonly #endpoints = new Map<string, EndpointLines>();

  /** Parts of the text in UTF-8; empty without requests. */
  write(endpoints: readonly EndpointTotals[]): Buffer[] {
    if (endpoints.length === 0) return [];
    const written = endpoints.map((totals) => this.#linesOf(totals).write(totals));
    return [
      head,
      ...written.map(({ durations }) => durations),
      errorsHead,
      ...written.map(({ errors }) => errors),
    ];
  }

  #linesOf({ method, route, excludedFromRates }: EndpointTotals): EndpointLines {
    const key = `${method} ${route}`;
    let lines = this.#endpoints.get(key);
    if (!lines) {
      lines = new EndpointLines({
        http_request_method: method,
        http_route: route,
        // Prometheus treats a missing label as an empty one: rules select excluded_from_rates="".
        ...(excludedFromRates && { excluded_from_rates: "true" }),
      });
      this.#endpoints.set(key, lines);
    }
    return lines;
  }
}

/** The lines of an endpoint. Only the numbers at their ends change. */
class EndpointLines {
  durations: Buffer = Buffer.alloc(0);
  errors: Buffer = Buffer.alloc(0);
  readonly #labels: Readonly<Record<string, string>>;
  readonly #ofClass = new Map<number, LinePrefixes>();
  readonly #errorsPrefix: string;
  #written: EndpointTotals["statuses"] = [];

  constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = labels;
    this.#errorsPrefix = `${errorsName}${writeLabels(labels)} `;
  }

  write({ statuses, errors }: EndpointTotals): this {
    if (statuses === this.#written) return this;
    this.durations = Buffer.from(statuses.map((histogram) => this.#durationsOf(histogram)).join(""));
    this.errors = Buffer.from(`${this.#errorsPrefix}${errors}\n`);
    this.#written = statuses;
    return this;
  }

  #durationsOf({ statusClass, count, sumMs, buckets }: StatusHistogram): string {
    const prefixes = this.#prefixesOf(statusClass);
    let upTo = 0;
    const lines = prefixes.buckets.map((prefix, n) => {
      upTo += buckets[n] ?? 0;
      return `${prefix}${upTo}\n`;
    });
    return `${lines.join("")}${prefixes.sum}${sumMs / 1000}\n${prefixes.count}${count}\n`;
  }

  #prefixesOf(statusClass: number): LinePrefixes {
    const known = this.#ofClass.get(statusClass);
    if (known) return known;
    const labels = { ...this.#labels, http_response_status_code: `${statusClass}xx` };
    const prefixes = {
      buckets: bounds.map((le) => `${name}_bucket${writeLabels({ ...labels, le })} `),
      sum: `${name}_sum${writeLabels(labels)} `,
      count: `${name}_count${writeLabels(labels)} `,
    };
    this.#ofClass.set(statusClass, prefixes);
    return prefixes;
  }
}

interface LinePrefixes {
  buckets: readonly string[];
  sum: string;
  count: string;
}
