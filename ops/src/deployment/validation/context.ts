import type { GateVerdict } from "../release/stage.ts";
import type { Measured } from "./trend.ts";

/** A rule of the alerts in a drill. */
export interface DrilledRule {
  /** The type, with the key of a declared alert: `CUSTOM orders stall`. */
  type: string;
  /** Whether the channels of its route were notified that it fired. */
  notified: boolean;
  resolved: boolean;
}

/**
 * Everything that the validation asks. What rejects is unknown, and so is null: the installation has no such source, and a
 * person has to accept that.
 */
export interface ValidationContext {
  /** Of the business. */
  timeZone: string;
  /** When the phases end, in milliseconds since the switch; five, ascending. */
  validationMs: readonly number[];
  /** Whether the new slot answers that it is ready. */
  slotReady(): Promise<boolean>;
  /** The journeys of all roles, on the new slot. */
  smoke(): Promise<{ ok: boolean; evidence: string }>;
  /** The steps of the release whose checks do not hold. Rejects while the database cannot be reached. */
  stepFaults(): Promise<readonly { step: number; detail: string }[]>;
  /** Requests since the switch that got no response from a slot. */
  lost(): Promise<number | null>;
  /**
   * Whether clients of the new version fare worse than those of the old one at the same time. `pass`: there is no sign of
   * it; `wait`: there is nothing to compare.
   */
  harm(): Promise<GateVerdict>;
  /** Bytes of the new slot's process since a time. */
  memory(since: Date): Promise<readonly Measured[]>;
  /** The p95 of all requests since a time, in milliseconds. */
  p95(since: Date): Promise<readonly Measured[]>;
  /** The p95 in milliseconds of the last full hour since a time, and of the same hour a week before. */
  lastWeek(since: Date): Promise<{ now: number; before: number } | null>;
  /** Raises and resolves every rule, and sends one message about that. */
  drill(): Promise<readonly DrilledRule[]>;
  /** Orders and bills against the same weekday, in a sentence for the person who accepts. */
  figures(): Promise<string | null>;
  ledger(): Promise<{ ok: boolean; entries?: number; faults: readonly string[] }>;
  /** When a backup was last restored and verified; null if none was. */
  lastVerifiedBackup(): Promise<Date | null>;
  /** Moves the last 2 % of the clients to the new version. Idempotent. */
  endPerformance(): Promise<string>;
}
