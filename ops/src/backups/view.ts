import { hostname } from "node:os";
import { z } from "zod";
import type { Progress } from "./create.ts";
import { type Manifest, methodSchema, verdictSchema, verificationSchema } from "./manifest.ts";
import type { BackupRow } from "./table.ts";

/** What this process does with a backup now. */
export interface RunningWork {
  kind: "create" | "verify" | "copy";
  progress: Progress | null;
}

/** A backup as it is listed. */
export const backupViewSchema = z.object({
  id: z.string(),
  state: z.enum(["running", "complete", "failed", "incomplete"]),
  method: methodSchema.nullable(),
  host: z.string().describe("where it was made"),
  is_here: z.boolean().describe("whether its files are in the backup directory of this instance"),
  scheduled: z.boolean(),
  started_at: z.iso.datetime(),
  finished_at: z.iso.datetime().nullable(),
  bytes: z.number().nullable().describe("on disk"),
  is_encrypted: z.boolean().nullable(),
  server_version: z.string().nullable(),
  verdict: verdictSchema.nullable().describe("of the last verification; null if it was never verified"),
  verified_at: z.iso.datetime().nullable(),
  verification: verificationSchema.nullable(),
  failure: z.string().nullable(),
  running: z
    .object({
      kind: z.enum(["create", "verify", "copy"]),
      progress: z
        .object({ stage: z.enum(["copy", "restore"]), bytes: z.number(), total_bytes: z.number() })
        .nullable(),
    })
    .nullable()
    .describe("what this instance does with it now"),
});
export type BackupView = z.infer<typeof backupViewSchema>;

export const viewOf = (manifest: Manifest, running: RunningWork | undefined): BackupView => ({
  id: manifest.id,
  state: "complete",
  method: manifest.method,
  host: manifest.host,
  is_here: true,
  scheduled: manifest.scheduled,
  started_at: manifest.started_at,
  finished_at: manifest.finished_at,
  bytes: manifest.bytes,
  is_encrypted: manifest.key_id !== null,
  server_version: manifest.server.version,
  verdict: manifest.verification?.verdict ?? null,
  verified_at: manifest.verification?.at ?? null,
  verification: manifest.verification,
  failure: null,
  running: running ?? null,
});

const nothingKnown = {
  method: null,
  scheduled: false,
  finished_at: null,
  bytes: null,
  is_encrypted: null,
  server_version: null,
  verdict: null,
  verified_at: null,
  verification: null,
  failure: null,
  running: null,
} as const;

/** A folder without a manifest. Its id is the time of its start. */
export const incompleteView = (
  { id, is_running }: { id: string; is_running: boolean },
  running: RunningWork | undefined,
): BackupView => ({
  ...nothingKnown,
  id,
  state: is_running ? "running" : "incomplete",
  host: hostname(),
  is_here: true,
  started_at: id.replace(/^(\d{4})(\d\d)(\d\d)-(\d\d)(\d\d)(\d\d).*/, "$1-$2-$3T$4:$5:$6.000Z"),
  running: running ?? null,
});

export const rowView = (row: BackupRow): BackupView => ({
  ...nothingKnown,
  id: row.id,
  state: row.state,
  method: row.method,
  host: row.host,
  is_here: false,
  scheduled: row.scheduled,
  started_at: row.started_at.toISOString(),
  finished_at: row.finished_at?.toISOString() ?? null,
  bytes: row.bytes,
  verdict: row.verdict,
  verified_at: row.verified_at?.toISOString() ?? null,
  failure: row.failure,
});
