import { constants, gzipSync, type ZlibOptions } from "node:zlib";
import { negotiate } from "@fastify/accept-negotiator";
import type { FastifyPluginAsync, onRequestAsyncHookHandler } from "fastify";
import { writeFamilies } from "../prometheus/exporter.ts";
import { familiesOf } from "../prometheus/gauges.ts";
import { bearerOf, isLocal } from "../prometheus/metrics-auth.ts";
import { processMetrics } from "../prometheus/process-metrics.ts";
import { HttpRequestLines } from "../prometheus/request-lines.ts";
import type { EndpointTotals } from "../requests/request-metrics.ts";
import type { Snapshot } from "../service.ts";

export interface MetricsRouteOptions {
  monitoring: {
    readonly snapshot: Snapshot | undefined;
    readonly performance: { totals(): EndpointTotals[] };
  };
  /** Of the service. */
  version: string;
  /** How many alerts of each type fire; zeros included. */
  firing: () => Readonly<Record<string, number>>;
  /** Whoever sends it may read them, also while nobody can be looked up. */
  token?: string | undefined;
  /** Refuses whoever is not an operator. */
  operatorOnly: onRequestAsyncHookHandler;
}

/**
 * Two hundred routes make half a megabyte of lines that are nearly the same: 17 kB even when compressed at this level,
 * in half a millisecond. To hand that to another thread and back takes twice as long.
 */
const quickly: ZlibOptions = { level: constants.Z_BEST_SPEED, chunkSize: 64 * 1024 };

/**
 * `GET /metrics`, as Prometheus scrapes it: for operators, who has the token, and whoever is on this machine.
 * Compressed for those that accept gzip, as Prometheus does.
 */
export const metricsRoute: FastifyPluginAsync<MetricsRouteOptions> = async (
  app,
  { monitoring, version, firing, token, operatorOnly },
) => {
  const hasToken = bearerOf(token);
  const requestLines = new HttpRequestLines();
  app.get(
    "/metrics",
    {
      // Asked every few seconds by a machine: no limit on how often.
      config: { rateLimit: false } as object,
      logLevel: "error",
      onRequest: async function (request, reply) {
        if (!isLocal(request.raw) && !hasToken(request.raw)) await operatorOnly.call(this, request, reply);
      },
      schema: {
        tags: ["health"],
        summary: "All numbers, as Prometheus reads them.",
        produces: ["text/plain"],
      } as object,
    },
    async ({ headers }, reply) => {
      const endpoints = monitoring.performance.totals();
      const findings = familiesOf({ snapshot: monitoring.snapshot, version, firing: firing() });
      const ofProcess = processMetrics();
      reply.type(ofProcess.contentType);
      const others = writeFamilies(findings) + (await ofProcess.metrics());
      const text = Buffer.concat([...requestLines.write(endpoints), Buffer.from(others)]);
      reply.header("vary", "accept-encoding");
      if (negotiate(headers["accept-encoding"] ?? "", ["gzip", "identity"]) !== "gzip") return text;
      reply.header("content-encoding", "gzip");
      return gzipSync(text, quickly);
    },
  );
};
