import { formatDuration, formatMs } from "../model/duration.ts";

/** A detail of an alert for people: `["p95", "2.3 s"]`. */
export type Fact = [label: string, value: string];

/** Details that the message states elsewhere. */
const stated = new Set(["failing_since", "lasted_seconds"]);

/** The details of an alert for people: numbers with their units, and without what the message states anyway. */
export const factsOf = (details: Readonly<Record<string, string | number>>): Fact[] =>
  Object.entries(details)
    .filter(([name, value]) => !stated.has(name) && !(name === "occurrences" && value === 1))
    .map(([name, value]) => factOf(name, value));

const units: Record<string, (value: number) => string> = {
  ms: formatMs,
  seconds: (value) => formatDuration(value * 1_000),
  percent: (value) => `${value} %`,
  bytes: (value) => `${Math.round(value / 1e5) / 10} MB`,
};

const factOf = (name: string, value: string | number): Fact => {
  const [, stem = name, unit = ""] = /^(.+)_(ms|seconds|percent|bytes)$/.exec(name) ?? [];
  const withUnit = typeof value === "number" ? units[unit] : undefined;
  return withUnit ? [labelOf(stem), withUnit(Number(value))] : [labelOf(name), String(value)];
};

/** `failing_since` becomes `failing since`. */
const labelOf = (name: string): string => name.replaceAll("_", " ");
