import type { GaugeReading } from "../gauge.ts";
import type { Family } from "./exporter.ts";

/** The name of a gauge of the service, apart from those of the platform. */
export const gaugeMetric = (name: string): string => `earlybird_user_${name}`;

/** The gauges of the service; one without a value is omitted, so that queries find a gap instead of an old value. */
export const ownGaugeFamilies = (gauges: readonly GaugeReading[]): Family[] =>
  gauges.map(({ name, help, unit, value }) => ({
    name: gaugeMetric(name),
    help: unit === null ? help : `${help} Unit: ${unit}.`,
    type: "gauge",
    samples: [{ value }],
  }));
