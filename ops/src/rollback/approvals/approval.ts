import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { type Database, onConflictSchema } from "../change/change.ts";

const approvableActionSchema = z.enum(["rollback", "reapply", "purge"]);
export type ApprovableAction = z.infer<typeof approvableActionSchema>;

const requested = z.object({
  id: z.string(),
  action: approvableActionSchema,
  /** In the order in which they move. */
  steps: z.array(z.int()),
  cascade: z.boolean(),
  on_conflict: onConflictSchema,
  /** The time by which the steps are to be re-applied. */
  until: z.iso.datetime().nullable(),
  reason: z.string(),
  plan: z.string(),
  acknowledge: z.array(z.string()),
  asked_by: z.string(),
  origin: z.string(),
  asked_at: z.iso.datetime(),
  /** The end of the time to approve it; once approved, of the time to use it. */
  expires_at: z.iso.datetime(),
});
const approved = { approved_by: z.string(), approved_at: z.iso.datetime(), approval_reason: z.string() };

/** A move that waits for, or has had, a second person's approval. Times are ISO 8601. */
export const approvalSchema = z.discriminatedUnion("state", [
  requested.extend({ state: z.literal("asked") }),
  requested.extend({ state: z.literal("approved"), ...approved }),
  requested.extend({
    state: z.literal("used"),
    ...approved,
    used_by: z.string(),
    used_at: z.iso.datetime(),
    operation: z.string().nullable(),
  }),
  requested.extend({
    state: z.literal("withdrawn"),
    withdrawn_by: z.string(),
    withdrawn_at: z.iso.datetime(),
  }),
  /** `approved_by` is null if nobody approved the request in time. */
  requested.extend({ state: z.literal("expired"), approved_by: z.string().nullable() }),
]);
export type Approval = z.infer<typeof approvalSchema>;

/** An approval with fields for the engine only. */
export interface StoredApproval {
  approval: Approval;
  /** The requested steps, lowest first. */
  selected: number[];
  /** The unique id of the requester. */
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

export interface Row extends Omit<z.infer<typeof requested>, Dates> {
  selected: number[];
  asker: string;
  until: Date | null;
  asked_at: Date;
  expires_at: Date;
  state: Approval["state"];
  approved_by: string | null;
  approved_at: Date | null;
  approval_reason: string | null;
  ended_by: string | null;
  ended_at: Date | null;
  operation: string | null;
}

/** A lapsed request is expired at once, also before its row says so. */
export const fromRow = (row: Row, now: Date): StoredApproval => {
  const { selected, asker, until, asked_at, expires_at } = row;
  const { id, action, steps, cascade, on_conflict, reason, plan, acknowledge, asked_by, origin } = row;
  const shared = { id, action, steps, cascade, on_conflict, reason, plan, acknowledge, asked_by, origin };
  const times = {
    until: until?.toISOString() ?? null,
    asked_at: asked_at.toISOString(),
    expires_at: expires_at.toISOString(),
  };
  return { approval: withState({ ...shared, ...times }, row, now), selected, asker };
};

const withState = (request: z.infer<typeof requested>, row: Row, now: Date): Approval => {
  const { state, approved_by, approved_at, approval_reason, ended_by, ended_at, operation } = row;
  const approved = {
    approved_by: approved_by ?? "",
    approved_at: approved_at?.toISOString() ?? "",
    approval_reason: approval_reason ?? "",
  };
  const ended = { by: ended_by ?? "", at: ended_at?.toISOString() ?? "" };
  const open = state === "asked" || state === "approved";
  if (state === "expired" || (open && row.expires_at <= now))
    return { ...request, state: "expired", approved_by };
  if (state === "asked") return { ...request, state };
  if (state === "approved") return { ...request, state, ...approved };
  if (state === "withdrawn") return { ...request, state, withdrawn_by: ended.by, withdrawn_at: ended.at };
  return { ...request, state, ...approved, used_by: ended.by, used_at: ended.at, operation };
};

/** Lists requests, newest first. */
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
  // The clock is read after the wait for the row: the request may have lapsed.
  return fromRow(rows[0], clock.now());
};
