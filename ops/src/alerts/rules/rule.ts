import type { DatabaseHealth, SystemSample } from "../../monitoring/index.ts";
import type { Alert, AlertSeverity, AlertType } from "../model/alert.ts";
import type { Finding, Patience } from "./evaluate.ts";
import type { Thresholds } from "./thresholds.ts";

/** What rules look at; the monitoring's snapshot is one. Left out parts cannot be evaluated. */
export interface Observed {
  database: DatabaseHealth;
  system: Pick<SystemSample, "cpu_percent" | "memory_percent">;
  /** The last minute. */
  performance?:
    | {
        requests: number;
        errors: number;
        endpoints: readonly { method: string; route: string; requests: number; p95_ms: number }[];
      }
    | undefined;
}

/** Emits snapshots; the monitoring service does. */
export interface SnapshotSource {
  onSnapshot(listener: (snapshot: Observed) => void): () => void;
}

export type Details = Alert["details"];

/** What a rule finds about one of the things that it watches. */
export interface RuleFinding {
  /** As the key of an alert: empty where a rule watches one thing only. */
  key: string;
  finding: Finding;
  /** What was measured, for the details of an alert. */
  details: Details;
}

/** What is watched, from when on it is wrong, and in which words it is told. */
export interface Rule {
  type: AlertType;
  severity: AlertSeverity;
  patience: Patience;
  /** When it fires, for people, as `the CPU is used over 80 % for 2 min`. */
  condition(thresholds: Thresholds): string;
  /** Keys that are not among the findings are unknown. */
  find(observed: Observed, thresholds: Thresholds): readonly RuleFinding[];
  firedMessage(details: Details, key: string): string;
  /** @param lasted a duration in words, as `3 min 10 s` */
  resolvedMessage(lasted: string, key: string): string;
}
