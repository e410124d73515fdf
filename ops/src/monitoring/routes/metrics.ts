import { constants, gzipSync, type ZlibOptions } from "node:zlib";
import { negotiate } from "@fastify/accept-negotiator";
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from "fastify";
import { bearerTokenCheck } from "../../core/bearer-token.ts";
import { writeFamilies } from "../prometheus/exporter.ts";
import { gaugeFamilies } from "../prometheus/gauges.ts";
import { isLocal } from "../prometheus/metrics-auth.ts";
import { processMetrics } from "../prometheus/process-metrics.ts";
import { HttpRequestLines } from "../prometheus/request-lines.ts";
import type { EndpointTotals } from "../requests/request-metrics.ts";
import type { Snapshot } from "../snapshot.ts";

export interface MetricsRouteOptions {
  monitoring: {
    readonly snapshot: Snapshot | undefined;
    readonly performance: { totals(): EndpointTotals[] };
  };
  /** Of the service. */
  version: string;
  /** Firing alerts of each type, zeros included. */
  firing: () => Readonly<Record<string, number>>;
  /** For each declared alert 1 while it fires, otherwise 0. */
  declared?: () => Readonly<Record<string, number>>;
  /** Bearer token that gives access, also while users cannot be looked up. */
  token?: string | undefined;
  /** Refuses requests that are not from an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

/**
 * 200 routes make half a megabyte of similar lines. This level compresses them to 17 kB in half a millisecond; another
 * thread would take twice as long.
 */
const fastGzip: ZlibOptions = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 };

/**
 * `GET /metrics` in the text format of Prometheus, for operators, holders of the token and clients on this machine.
 * Compressed if the client accepts gzip, as Prometheus does.
 */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (
  app,
  { monitoring, version, firing, declared = () => ({}), token, operatorOnly },
) => {
  const hasToken = bearerTokenCheck(token);
  const requestLines = new HttpRequestLines();
  app.get(
    "/metrics",
    {
      // Scraped every few seconds: no rate limit.
      config: { rateLimit: false } as object,
      logLevel: "error",
      onRequest: async function (request, reply) {
        if (!isLocal(request.raw) && !hasToken(request.headers.authorization))
          await operatorOnly.call(this, request, reply);
      },
      schema: {
        tags: ["health"],
        summary: "Get all metrics in the text format of Prometheus.",
        produces: ["text/plain"],
      } as object,
    },
    async ({ headers }, reply) => {
      const endpoints = monitoring.performance.totals();
      const gauges = gaugeFamilies({
        snapshot: monitoring.snapshot,
        version,
        firing: firing(),
        declared: declared(),
      });
      const processRegistry = processMetrics();
      reply.type(processRegistry.contentType);
      const others = writeFamilies(gauges) + (await processRegistry.metrics());
      const text = Buffer.concat([...requestLines.write(endpoints), Buffer.from(others)]);
      reply.header("vary", "accept-encoding");
      if (negotiate(headers["accept-encoding"] ?? "", ["gzip", "identity"]) !== "gzip") return text;
      reply.header("content-encoding", "gzip");
      return gzipSync(text, fastGzip);
    },
  );
};
