import { z } from "zod";
import type { Approval } from "../approvals/approval.ts";
import type { AuditPage } from "../audit/read.ts";
import type { OperationResult } from "../execution/execute.ts";
import type { OperationDetails, RollbackOperation } from "../operations/operation.ts";
import type { StepReport } from "../operations/step-report.ts";
import type { DryRun } from "../preview/dry-run.ts";
import type { Overview } from "../preview/overview.ts";
import type { ParkedStep } from "../preview/parked.ts";
import type { Certificate } from "../preview/prove.ts";
import type { StepStatus } from "../preview/status.ts";

/*
 * What the routes answer, for the documentation and so that nothing leaves by accident. Each is checked
 * against the engine's own type: the command line prints the same objects.
 */

const risk = z.enum(["none", "low", "high", "critical"]);
const direction = z.enum(["rollback", "reapply"]);
const time = z.iso.datetime();
const durationMs = z.number().nonnegative();
export const rowCount = z.object({ table: z.string(), action: z.string(), rows: z.int() });
const head = z.object({ seq: z.int(), hash: z.string() });

const stepReport = z.object({
  step: z.int(),
  name: z.string(),
  title: z.string(),
  risk,
  acknowledge: z.string().nullable(),
  rows: z.array(rowCount),
  locks: z.array(
    z.object({
      table: z.string(),
      mode: z.enum(["SHARE ROW EXCLUSIVE", "ACCESS EXCLUSIVE"]),
      held_ms: z.number().nonnegative(),
    }),
  ),
  duration_ms: durationMs,
  followers: z
    .object({
      living: z.int(),
      following: z.int(),
      last_after_ms: durationMs.nullable(),
      missing: z.array(z.string()),
    })
    .nullable(),
  impact: z.array(
    z.object({ label: z.string(), value: z.union([z.number(), z.string()]), unit: z.string() }),
  ),
  warnings: z.array(z.string()),
  blocked_by: z.array(z.string()),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
}) satisfies z.ZodType<StepReport>;

export const operation = z.object({
  id: z.string(),
  kind: z.enum(["apply", "rollback", "reapply"]),
  steps: z.array(z.int()),
  state: z.enum(["running", "completed", "failed", "interrupted", "aborted"]),
  requested_by: z.string(),
  origin: z.string(),
  reason: z.string().nullable(),
  plan: z.string().nullable(),
  until: time.nullable(),
  started_at: time,
  finished_at: time.nullable(),
}) satisfies z.ZodType<RollbackOperation>;

const problem = z.looseObject({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  code: z.string(),
  detail: z.string(),
  remedy: z.string(),
});

export const operationDetails = operation.extend({
  receipts: z.array(stepReport),
  progress: z
    .object({
      step: z.int(),
      rows_done: z.int(),
      rows_in_all: z.int(),
      rows_per_second: z.int(),
      seconds_left: z.int().nullable(),
    })
    .nullable(),
  failure: problem.nullable(),
  kept_values: z.array(
    z.object({
      step: z.int(),
      table: z.string(),
      key: z.string(),
      outcome: z.enum(["kept", "restored", "dangling", "deleted"]),
      written: z.unknown(),
      parked: z.unknown(),
    }),
  ),
}) satisfies z.ZodType<OperationDetails>;

export const dryRun = z.object({
  operation: z.object({ kind: direction, steps: z.array(z.int()), dry_run: z.literal(true) }),
  steps: z.array(stepReport),
  plan: z.object({ hash: z.string() }),
  executed: z.boolean(),
  total_ms: durationMs,
}) satisfies z.ZodType<DryRun>;

export const result = z.object({
  operation: operation.nullable(),
  steps: z.array(stepReport),
  total_ms: durationMs,
  ledger_head: head.nullable(),
}) satisfies z.ZodType<OperationResult>;

const asked = z.object({
  id: z.string(),
  action: z.enum(["rollback", "reapply", "purge"]),
  steps: z.array(z.int()),
  cascade: z.boolean(),
  on_conflict: z.enum(["keep", "restore", "fail"]),
  until: time.nullable(),
  reason: z.string(),
  plan: z.string(),
  acknowledge: z.array(z.string()),
  asked_by: z.string(),
  origin: z.string(),
  asked_at: time,
  expires_at: time,
});
const approved = { approved_by: z.string(), approved_at: time, approval_reason: z.string() };

export const approval = z.discriminatedUnion("state", [
  asked.extend({ state: z.literal("asked") }),
  asked.extend({ state: z.literal("approved"), ...approved }),
  asked.extend({
    state: z.literal("used"),
    ...approved,
    used_by: z.string(),
    used_at: time,
    operation: z.string().nullable(),
  }),
  asked.extend({ state: z.literal("withdrawn"), withdrawn_by: z.string(), withdrawn_at: time }),
  asked.extend({ state: z.literal("expired"), approved_by: z.string().nullable() }),
]) satisfies z.ZodType<Approval>;

/** The answer to a move that a second person must approve first. */
export const approvalAsked = z.object({ approval });

export const stepStatus = z.object({
  step: z.int(),
  name: z.string(),
  title: z.string(),
  state: z.enum(["applied", "rolled_back"]),
  risk,
  acknowledge: z.string().nullable(),
  requires: z.array(z.int()),
  dependents: z.array(z.int()),
  can_rollback: z.boolean(),
  blocked_by: z.array(z.union([z.int(), z.string()])),
  estimate: z.object({ rows: z.int(), duration_ms: durationMs }),
  parked_rows: z.int(),
  until: time.nullable(),
}) satisfies z.ZodType<StepStatus>;

export const overview = z.object({
  steps: z.object({ applied: z.int(), rolled_back: z.int() }),
  operation: operation.nullable(),
  ledger_head: head,
  followers: z.array(z.object({ name: z.string(), version: z.int(), seen_at: time, following: z.boolean() })),
  expiries: z.array(z.object({ step: z.int(), until: time })),
}) satisfies z.ZodType<Overview>;

export const auditPage = z.object({
  verified: z.boolean(),
  faults: z.array(z.string()),
  head,
  anchors: z.object({
    compared: z.int().describe("signed heads outside of the database with which the ledger was compared"),
    newest: z.object({ seq: z.int(), at: time }).nullable(),
  }),
  entries: z.array(
    head.extend({
      at: time,
      action: z.string(),
      operation: z.string().nullable(),
      steps: z.array(z.int()).readonly(),
      operator: z.string(),
      origin: z.string(),
      reason: z.string().nullable(),
      plan: z.string().nullable(),
      result: z.unknown(),
    }),
  ),
}) satisfies z.ZodType<AuditPage>;

export const parkedStep = z.object({
  step: z.int(),
  name: z.string(),
  since: time,
  age_seconds: z.int(),
  parked: z.array(z.object({ place: z.string(), rows: z.int(), bytes: z.int() })),
}) satisfies z.ZodType<ParkedStep>;

export const certificate = z.object({
  steps: z.array(z.int()),
  proven: z.boolean(),
  before: z.string(),
  after: z.string(),
  differences: z.array(z.string()),
  rows: z.int(),
  total_ms: durationMs,
}) satisfies z.ZodType<Certificate>;
