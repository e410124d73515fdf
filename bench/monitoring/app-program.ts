/** A small Fastify app with the monitoring of the first argument. Reports its port, and on request its CPU time. */
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance, FastifyPluginAsync } from "fastify";

// Loaded by require: OpenTelemetry patches modules that are loaded this way.
const require = createRequire(import.meta.url);

const [watcher = "nobody", databaseUrl = "", alerts = "0"] = process.argv.slice(2);

const watchers: Record<string, (app: FastifyInstance) => Promise<void>> = {
  nobody: async () => undefined,
  earlybird: async (app) => {
    const { watchWithEarlybird } = await import("./watched-app.ts");
    await watchWithEarlybird(app, { databaseUrl, alerts: Number(alerts) });
  },
  "fastify-metrics": async (app) => {
    const plugin: FastifyPluginAsync<{ endpoint: string }> = require("fastify-metrics");
    await app.register(plugin, { endpoint: "/metrics" });
  },
  OpenTelemetry: async () => undefined,
  "swagger-stats": async (app) => {
    // Its Fastify plugin targets an older Fastify, so its two parts are registered here.
    const watch = require("swagger-stats").getMiddleware({});
    app.addHook("onRequest", (request, reply, done) => void watch(request.raw, reply.raw, done));
    app.addHook("onResponse", ({ raw, routeOptions }, _, done) => {
      Object.assign((raw as unknown as { sws: object }).sws, { route_path: routeOptions.url });
      done();
    });
  },
};

if (watcher === "OpenTelemetry") {
  const { HttpInstrumentation } = require("@opentelemetry/instrumentation-http");
  const { MeterProvider, PeriodicExportingMetricReader, InMemoryMetricExporter, AggregationTemporality } =
    require("@opentelemetry/sdk-metrics");
  const exporter = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  const reader = new PeriodicExportingMetricReader({ exporter, exportIntervalMillis: 15_000 });
  new HttpInstrumentation().setMeterProvider(new MeterProvider({ readers: [reader] }));
}

const app: FastifyInstance = require("fastify")();
await watchers[watcher]?.(app);
for (let n = 0; n < 200; n++)
  app.get(`/things/${n}/:id`, async () => ({ id: n, name: "a thing", quantity: 3 }));
app.get("/things/:id", async () => ({ id: 17, name: "a thing", quantity: 3, price_paise: 6_400 }));
app.get("/things", async (_, reply) => {
  const body = JSON.stringify(Array.from({ length: 20 }, (_, id) => ({ id, name: "a thing", quantity: 3 })));
  reply.type("application/json").header("etag", `"${createHash("sha256").update(body).digest("base64url")}"`);
  return body;
});
await app.listen({ port: 0, host: "127.0.0.1" });
process.on("message", async (message) => {
  // As V8 does when idle: outside of Node's ticks, one of which delivers the message. V8 drops what optimized code needs
  // only on the third collection.
  for (let n = 0; message === "collect" && n < 4; n++) {
    await sleep(10);
    globalThis.gc?.();
  }
  process.send?.({ cpu: process.cpuUsage() });
});
process.once("disconnect", () => process.exit());
process.send?.({ port: (app.server.address() as AddressInfo).port });
