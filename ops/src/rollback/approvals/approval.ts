import { sql } from "kysely";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Database, OnConflict } from "../change/change.ts";

export type ApprovableAction = "rollback" | "reapply" | "purge";

interface Approved {
  approved_by: string;
  approved_at: string;
  approval_reason: string;
}

/** What became of a request. */
export type ApprovalState =
  | { state: "asked" }
  | ({ state: "approved" } & Approved)
  | ({ state: "used"; used_by: string; used_at: string; operation: string | null } & Approved)
  | { state: "withdrawn"; withdrawn_by: string; withdrawn_at: string }
  /** `approved_by` is null where nobody has approved it in time. */
  | { state: "expired"; approved_by: string | null };

/** A move that waits for, or has had, a second person's approval. Times are ISO 8601. */
export type Approval = ApprovalState & {
  id: string;
  action: ApprovableAction;
  /** In the order in which they move. */
  steps: number[];
  cascade: boolean;
  on_conflict: OnConflict;
  /** By when the steps are to be re-applied. */
  until: string | null;
  reason: string;
  plan: string;
  acknowledge: string[];
  asked_by: string;
  origin: string;
  asked_at: string;
  /** Until then it can be approved; once approved, until then it can be used. */
  expires_at: string;
};

/** An approval with what only the engine needs to know of it. */
export interface StoredApproval {
  approval: Approval;
  /** The steps that were named, lowest first. */
  selected: number[];
  /** What tells the asker from other people. */
  asker: string;
}

export const approvalUnknown = defineFailure({
  code: "EB_APPROVAL_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no approval request {id}.",
  remedy: '"earlybird approvals" lists them.',
});

export const columns = sql`a.id::text, a.action, a.selected, a.steps, a.cascade, a.on_conflict, a.until, a.reason,
  a.plan_hash as plan, a.acknowledge, a.asked_by, a.asker, a.origin, a.asked_at, a.expires_at, a.state,
  a.approved_by, a.approved_at, a.approval_reason, a.ended_by, a.ended_at, a.operation_id::text as operation`;

type Dates = "until" | "asked_at" | "expires_at";
type Shared = Omit<Approval, keyof ApprovalState | Dates>;

export interface Row extends Shared {
  selected: number[];
  asker: string;
  until: Date | null;
  asked_at: Date;
  expires_at: Date;
  state: ApprovalState["state"];
  approved_by: string | null;
  approved_at: Date | null;
  approval_reason: string | null;
  ended_by: string | null;
  ended_at: Date | null;
  operation: string | null;
}

/** What has lapsed is expired from that moment on, also before somebody has noted it. */
export const fromRow = (row: Row, now: Date): StoredApproval => {
  const { selected, asker, until, asked_at, expires_at } = row;
  const { id, action, steps, cascade, on_conflict, reason, plan, acknowledge, asked_by, origin } = row;
  const shared = { id, action, steps, cascade, on_conflict, reason, plan, acknowledge, asked_by, origin };
  const times = {
    until: until?.toISOString() ?? null,
    asked_at: asked_at.toISOString(),
    expires_at: expires_at.toISOString(),
  };
  return { approval: { ...shared, ...times, ...stateOf(row, now) }, selected, asker };
};

const stateOf = (row: Row, now: Date): ApprovalState => {
  const { state, approved_by, approved_at, approval_reason, ended_by, ended_at, operation } = row;
  const approved = {
    approved_by: approved_by ?? "",
    approved_at: approved_at?.toISOString() ?? "",
    approval_reason: approval_reason ?? "",
  };
  const ended = { by: ended_by ?? "", at: ended_at?.toISOString() ?? "" };
  const open = state === "asked" || state === "approved";
  if (state === "expired" || (open && row.expires_at <= now)) return { state: "expired", approved_by };
  if (state === "asked") return { state };
  if (state === "approved") return { state, ...approved };
  if (state === "withdrawn") return { state, withdrawn_by: ended.by, withdrawn_at: ended.at };
  return { state, ...approved, used_by: ended.by, used_at: ended.at, operation };
};

/** The newest first. */
export const listApprovals = async (db: Database, limit: number, now: Date): Promise<Approval[]> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.approvals a order by a.id desc limit ${limit}`.execute(db);
  return rows.map((row) => fromRow(row, now).approval);
};

/**
 * One request.
 *
 * @param lock keeps others from changing it until the transaction of `db` ends
 * @throws Failure EB_APPROVAL_UNKNOWN
 */
export const findApproval = async (
  db: Database,
  id: string,
  clock: Clock,
  { lock = false } = {},
): Promise<StoredApproval> => {
  if (!/^\d{1,18}$/.test(id)) throw approvalUnknown({ id });
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.approvals a where a.id = ${id}::bigint
    ${lock ? sql`for update` : sql``}`.execute(db);
  if (!rows[0]) throw approvalUnknown({ id });
  // Asked after the wait for the row: it may have lapsed meanwhile.
  return fromRow(rows[0], clock.now());
};
