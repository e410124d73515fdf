export type { Approval, ApprovalPolicy } from "./approvals/approval.ts";
export type { Anchor, AnchorLines } from "./audit/anchor.ts";
export { type AnchorOptions, LedgerAnchors } from "./audit/anchors.ts";
export { type LedgerHead, type LedgerRecord, recordInLedger } from "./audit/ledger.ts";
export type { LedgerProtection } from "./audit/protect-ledger.ts";
export type { AuditPage } from "./audit/read.ts";
export { type ActiveBehaviours, Changes } from "./behaviours/active-behaviours.ts";
export type { FollowerStatus, FollowersReceipt } from "./behaviours/wait-for-followers.ts";
export {
  type Change,
  type Check,
  type Database,
  defineChange,
  type Impact,
  type StepState,
} from "./change/change.ts";
export { noneOf } from "./change/checks.ts";
export type { Finding } from "./change/finding.ts";
export { parseSteps, type StepSelection } from "./change/step-range.ts";
export { refusedByDatabase } from "./database/database-errors.ts";
export type { Alarm, Notice } from "./engine/alarm.ts";
export type { EngineOptions, RowLimits } from "./engine/engine.ts";
export type { OperationRequest, ProgressListener, Requester } from "./engine/request.ts";
export type { OperationResult } from "./execution/execute.ts";
export { RollbackManager } from "./manager.ts";
export { EventQueue, type EventQueueOptions } from "./operations/event-queue.ts";
export { type OperationDetails, type RollbackOperation, RollbackStatus } from "./operations/operation.ts";
export type { StepReceipt } from "./operations/step-report.ts";
export type { OperationEvent } from "./operations/watch.ts";
export { backfill } from "./parts/backfill.ts";
export { behaviour } from "./parts/behaviour.ts";
export { columns } from "./parts/columns.ts";
export { type Identifiers, identifiers } from "./parts/identifiers.ts";
export { type HotQuery, index, indexes } from "./parts/indexes.ts";
export type { Direction, OnConflict } from "./parts/inert-part.ts";
export { overtaken } from "./parts/overtaken.ts";
export { rows } from "./parts/rows.ts";
export { table } from "./parts/table.ts";
export type { StepFindings } from "./preflight/check-steps.ts";
export type { DryRun } from "./preview/dry-run.ts";
export { type Fingerprint, fingerprint } from "./preview/fingerprint.ts";
export type { Overview } from "./preview/overview.ts";
export type { ParkedStep } from "./preview/parked.ts";
export type { Certificate } from "./preview/prove.ts";
export type { StepStatus } from "./preview/status.ts";
export { type RollbackRoutesOptions, rollbackRoutes } from "./routes/index.ts";
