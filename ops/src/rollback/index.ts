export type { Alarm, Notice } from "./alarm.ts";
export type { Anchor, AnchorLines } from "./anchors/anchor.ts";
export { type AnchorOptions, LedgerAnchors } from "./anchors/anchors.ts";
export type { Approval, ApprovalPolicy } from "./approvals/approval.ts";
export type { AuditPage } from "./audit.ts";
export {
  type Change,
  type Check,
  type Database,
  defineChange,
  type Impact,
  type StepState,
} from "./change.ts";
export { type ActiveBehaviours, Changes } from "./changes.ts";
export { refusedByDatabase } from "./database-refusals.ts";
export type { DryRun } from "./dry-run.ts";
export type { EngineOptions, RowLimits } from "./engine.ts";
export { EventQueue, type EventQueueOptions } from "./event-queue.ts";
export { type Fingerprint, fingerprint } from "./fingerprint.ts";
export type { FollowerStatus, FollowersReceipt } from "./followers.ts";
export { noneOf } from "./inspection.ts";
export { type LedgerHead, type LedgerRecord, recordInLedger } from "./ledger.ts";
export { RollbackManager } from "./manager.ts";
export { type OperationDetails, type RollbackOperation, RollbackStatus } from "./operations.ts";
export type { Overview } from "./overview.ts";
export type { ParkedStep } from "./parked.ts";
export { backfill } from "./parts/backfill.ts";
export { behaviour } from "./parts/behaviour.ts";
export { columns } from "./parts/columns.ts";
export { type Identifiers, identifiers } from "./parts/identifiers.ts";
export { type HotQuery, index, indexes } from "./parts/indexes.ts";
export { overtaken } from "./parts/overtaken.ts";
export type { Direction, OnConflict } from "./parts/part.ts";
export { rows } from "./parts/rows.ts";
export { table } from "./parts/table.ts";
export type { StepFindings } from "./preflight/check.ts";
export type { Finding } from "./preflight/finding.ts";
export type { LedgerProtection } from "./protect-ledger.ts";
export type { Certificate } from "./prove.ts";
export type { StepReceipt } from "./receipts.ts";
export type { OperationRequest, ProgressListener, Requester } from "./request.ts";
export { type RollbackRoutesOptions, rollbackRoutes } from "./routes/index.ts";
export type { OperationResult } from "./run.ts";
export type { StepStatus } from "./status.ts";
export { parseSteps, type StepSelection } from "./step-range.ts";
export type { OperationEvent } from "./watch.ts";
