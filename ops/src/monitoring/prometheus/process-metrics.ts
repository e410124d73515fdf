import { collectDefaultMetrics, Registry } from "prom-client";

/** Gauges named "total", a suffix reserved for counters. The values also exist by type. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

let registry: Registry | undefined;

/**
 * prom-client's metrics of the process and Node. One registry per process, created on first use: it observes the garbage
 * collector and the event loop, which costs time and cannot be stopped.
 */
export const processMetrics = (): Registry => {
  if (registry) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
};
