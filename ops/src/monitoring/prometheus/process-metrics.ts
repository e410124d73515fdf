import { collectDefaultMetrics, Registry } from "prom-client";

/** Gauges whose names say "total", which Prometheus keeps for counters; the same is there by type. */
const misnamed = [
  "nodejs_active_handles_total",
  "nodejs_active_requests_total",
  "nodejs_active_resources_total",
];

let registry: Registry | undefined;

/**
 * What prom-client tells of the process and of Node. There is one for the whole process, made when it is first asked:
 * it watches the garbage collector and the event loop, which has its price and no end.
 */
export const processMetrics = (): Registry => {
  if (registry) return registry;
  registry = new Registry();
  collectDefaultMetrics({ register: registry });
  for (const name of misnamed) registry.removeSingleMetric(name);
  return registry;
};
