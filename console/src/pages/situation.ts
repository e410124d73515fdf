import type { Channel } from "../api/alerts.ts";
import type { Alert, Health, Operation, Step } from "../api/queries.ts";
import type { ReleaseBrief } from "../api/releases.ts";
import type { Suspect } from "../api/suspects.ts";

/** What the front page says first. */
export interface Lead {
  status: "ok" | "warning" | "error" | "critical" | "rolled-back";
  /** A few words beside the status, such as `Degraded for 12 min`. */
  kicker: string;
  /** The most important fact, as one sentence. */
  headline: string;
  /** The evidence. */
  detail: string;
  /** The one thing to do next. */
  next?: { title: string; why: string[]; action: Action };
}

export type Action =
  | { label: string; to: "/operations/$id" | "/alerts/$id" | "/releases/$id"; params: { id: string } }
  | { label: string; to: "/changes/$step"; params: { step: string }; search?: { alert: string } }
  | { label: string; to: "/alerts"; params: Record<string, never> };

export interface Situation {
  health: Health;
  alerts: readonly Alert[];
  steps: readonly Step[];
  operation: Operation | null;
  /** The newest one. */
  release: ReleaseBrief | null;
  /** The suspects of alerts, by the id of the alert; as far as they are known. */
  suspects: ReadonlyMap<string, readonly Suspect[]>;
  channels: readonly Channel[];
  nowMs: number;
}
