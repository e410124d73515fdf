import type { DatabaseHealth, EndpointSummary, SystemSample } from "../../monitoring/index.ts";
import type { Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import type { Finding, Patience } from "./evaluate.ts";
import type { Thresholds } from "./thresholds.ts";

/** An endpoint in the last minute. */
export type ObservedEndpoint = Pick<
  EndpointSummary,
  "method" | "route" | "requests" | "errors" | "p95_ms" | "last_error"
> & { excluded_from_rates?: boolean };

/** The input of rules, such as a snapshot of the monitoring. Rules cannot evaluate missing parts. */
export interface Observed {
  database: DatabaseHealth;
  system: Pick<SystemSample, "cpu_percent" | "memory_percent" | "event_loop_utilization_percent">;
  /** The last minute. */
  performance?:
    | {
        requests: number;
        errors: number;
        endpoints: readonly ObservedEndpoint[];
      }
    | undefined;
  /** The numbers that the service declares; null if one cannot be read. */
  gauges?: readonly { name: string; value: number | null; unit: string | null }[];
  /** The requests that count for each declared objective. */
  objectives?: readonly ObjectiveCounts[];
}

/** The requests that count for an objective. */
export interface ObjectiveCounts {
  /** Of the objective. */
  name: string;
  scope: "all instances" | "this instance";
  /** By length in minutes. */
  windows: ReadonlyMap<number, { requests: number; errors: number }>;
}

/** Emits snapshots; the monitoring service does. */
export interface SnapshotSource {
  onSnapshot(listener: (snapshot: Observed) => void): () => void;
}

export type Details = Alert["details"];

/** A finding of a rule for one key. */
export interface RuleFinding {
  /** The key of the alert; empty if the rule has only one. */
  key: string;
  finding: Finding;
  /** The measurements, for the details of the alert. */
  details: Details;
}

/** A condition, its thresholds and its messages. */
export interface Rule {
  type: AlertType;
  /** The only key of a declared rule. Without it, all keys of the type belong to the rule. */
  key?: string;
  severity: AlertSeverity;
  patience: Patience;
  /** The condition for display, such as `the CPU is used over 80 % for 2 min`. */
  condition(thresholds: Thresholds): string;
  /** Keys that are not among the findings are unknown. */
  find(observed: Observed, thresholds: Thresholds): readonly RuleFinding[];
  firedMessage(details: Details, key: string): string;
  /** What is well again. The duration is added. */
  resolvedMessage(key: string): string;
}
