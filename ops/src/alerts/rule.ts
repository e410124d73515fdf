import type { Snapshot } from "../monitoring/index.ts";
import type { AlertSeverity, AlertType } from "./alert.ts";
import type { Patience } from "./evaluate.ts";

/** What is watched, and in which words it is told. */
export interface Rule {
  type: AlertType;
  severity: AlertSeverity;
  patience: Patience;
  /** What is wrong in a snapshot, for the details of the alert; undefined when nothing is. */
  faultIn(snapshot: Snapshot): Record<string, string | number> | undefined;
  firedMessage: string;
  /** @param lasted a duration in words, as `3 min 10 s` */
  resolvedMessage(lasted: string): string;
}
