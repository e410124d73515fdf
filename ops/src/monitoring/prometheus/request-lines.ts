import { bucketBoundsMs, type StatusHistogram } from "../requests/cumulative-histogram.ts";
import type { EndpointTotals } from "../requests/request-metrics.ts";
import { writeHead, writeLabels } from "./exporter.ts";

/** OpenTelemetry's `http.server.request.duration`, as its names are written for Prometheus. */
const name = "http_server_request_duration_seconds";

const head = Buffer.from(writeHead({ name, help: "Duration of HTTP server requests.", type: "histogram" }));
const bounds = [...bucketBoundsMs.map((boundMs) => String(boundMs / 1000)), "+Inf"];

const errorsName = "earlybird_http_errors_total";
/** Their class of status alone does not tell which answers are errors. */
const errorsHelp = "Requests that count as errors of the service.";
const errorsHead = Buffer.from(writeHead({ name: errorsName, help: errorsHelp, type: "counter" }));

/**
 * Writes the requests of all endpoints since the process started as a histogram for each route, method and class of
 * status (`2xx` where OpenTelemetry has the code itself, which would multiply the series), and how many were errors.
 *
 * With two hundred routes these are thousands of lines, most of them the same as at the last scrape: the lines of an
 * endpoint are written anew only when it has had a request since.
 */
export class HttpRequestLines {
  readonly #endpoints = new Map<string, EndpointLines>();

  /** The parts of the text, in UTF-8; none without any request. */
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

  #linesOf({ method, route }: EndpointTotals): EndpointLines {
    const key = `${method} ${route}`;
    let lines = this.#endpoints.get(key);
    if (!lines) {
      lines = new EndpointLines({ http_request_method: method, http_route: route });
      this.#endpoints.set(key, lines);
    }
    return lines;
  }
}

/** The lines of one endpoint: what stands before its numbers never changes. */
class EndpointLines {
  durations: Buffer = Buffer.alloc(0);
  errors: Buffer = Buffer.alloc(0);
  readonly #labels: Readonly<Record<string, string>>;
  readonly #ofClass = new Map<number, StartsOfLines>();
  readonly #startOfErrors: string;
  #written: EndpointTotals["statuses"] = [];

  constructor(labels: Readonly<Record<string, string>>) {
    this.#labels = labels;
    this.#startOfErrors = `${errorsName}${writeLabels(labels)} `;
  }

  write({ statuses, errors }: EndpointTotals): this {
    if (statuses === this.#written) return this;
    this.durations = Buffer.from(statuses.map((tally) => this.#durationsOf(tally)).join(""));
    this.errors = Buffer.from(`${this.#startOfErrors}${errors}\n`);
    this.#written = statuses;
    return this;
  }

  #durationsOf({ statusClass, count, sumMs, buckets }: StatusHistogram): string {
    const starts = this.#startsOf(statusClass);
    let upTo = 0;
    const lines = starts.buckets.map((start, n) => {
      upTo += buckets[n] ?? 0;
      return `${start}${upTo}\n`;
    });
    return `${lines.join("")}${starts.sum}${sumMs / 1000}\n${starts.count}${count}\n`;
  }

  #startsOf(statusClass: number): StartsOfLines {
    const known = this.#ofClass.get(statusClass);
    if (known) return known;
    const labels = { ...this.#labels, http_response_status_code: `${statusClass}xx` };
    const starts = {
      buckets: bounds.map((le) => `${name}_bucket${writeLabels({ ...labels, le })} `),
      sum: `${name}_sum${writeLabels(labels)} `,
      count: `${name}_count${writeLabels(labels)} `,
    };
    this.#ofClass.set(statusClass, starts);
    return starts;
  }
}

interface StartsOfLines {
  buckets: readonly string[];
  sum: string;
  count: string;
}
