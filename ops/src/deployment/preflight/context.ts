import type { Kysely } from "kysely";
import type { Clock } from "../../core/clock.ts";
import type { Settings } from "../../settings/settings.ts";

export type Database = Kysely<unknown>;

/** A named condition of a step that holds or not. */
interface StepCheck {
  step: number;
  checks: readonly { name: string; ok: boolean; detail: string }[];
}

/** The part of `RollbackManager` that checks need. */
export interface StepReader {
  verifyLedger(): Promise<{ ok: boolean; entries: number; faults: string[] }>;
  verifySteps(): Promise<readonly StepCheck[]>;
  getStatus(): Promise<{ steps: readonly { step: number; name: string; state: string }[] }>;
}

/**
 * Everything that checks ask. An optional part that is absent makes its checks unknown, never GO: the release, the backups
 * and a rehearsal supply it.
 */
export interface PreflightContext {
  clock: Clock;
  /** The folder with `package.json` and `node_modules`. */
  root: string;
  dataDir: string;
  /** The settings, or the sentences that say what is wrong with them. */
  settings: { read: Settings } | { faults: readonly string[] };
  /** The database, or the reason why it cannot be reached. */
  database: { db: Database } | { unreachable: string };
  steps?: StepReader;
  /** Steps that must be applied, such as one that authenticates requests. */
  requiredSteps?: readonly number[];
  /** The new version: a `.tgz` of `npm pack`, or the directory that it is installed in. */
  artefact?: { file: string; sha256?: string } | { directory: string; sha256: string };
  /** Files that hold secrets. */
  secretFiles?: readonly string[];
  /** The OpenAPI documents of both versions. */
  openapi?: { blue(): Promise<unknown>; green(): Promise<unknown> };
  switch?: { read(): Promise<{ verified: boolean; weights: Readonly<Record<string, number>> }> };
  backups?: { lastVerified(): Promise<{ id: string; verifiedAt: Date } | null> };
  rehearsal?: { latest(): Promise<Rehearsal | null> };
  /** A database restored from a backup, for checks that would load the production server. */
  copy?: { db: Database; hotPlans?(): Promise<readonly { query: string; problem: string | null }[]> };
  /** Logins of the demo that exist. */
  demoLogins?(): Promise<readonly string[]>;
  /** Sends a test through each channel. */
  testChannels?(): Promise<readonly { channel: string; result: string; answer: string | null }[]>;
  /** The person on call who has acknowledged the release. */
  onCall?: { acknowledged(): Promise<{ by: string; at: Date } | null> };
}

/** A release that was carried out and reverted on a copy of the database. */
export interface Rehearsal {
  at: Date;
  ok: boolean;
  /** What differed or failed; or the durations. */
  detail: string;
}
