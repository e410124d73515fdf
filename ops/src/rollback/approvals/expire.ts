import { sql } from "kysely";
import { appendToLedger, type LedgerEntry } from "../audit/ledger.ts";
import type { Database } from "../change/change.ts";
import type { Engine } from "../engine/engine.ts";
import type { Requester } from "../engine/request.ts";
import { type Approval, columns, fromRow, type Row } from "./approval.ts";

/** The ledger entry of an event of a request; it names both people. */
export const approvalEntry = (
  approval: Approval,
  event: "asked" | "approved" | "used" | "withdrawn" | "expired",
  { by, at, reason = null, operation = null }: Event,
): LedgerEntry => ({
  at: at.toISOString(),
  action: `approval.${event}`,
  operation,
  steps: approval.steps,
  operator: by.requestedBy,
  origin: by.origin,
  reason,
  plan: approval.plan,
  result: {
    approval: approval.id,
    action: approval.action,
    asked_by: approval.asked_by,
    approved_by: "approved_by" in approval ? approval.approved_by : null,
    expires_at: approval.expires_at,
  },
});

interface Event {
  by: Requester;
  at: Date;
  reason?: string | null;
  operation?: string | null;
}

/** The requester of an expiry. */
const system = { requestedBy: "earlybird", origin: "expiry" };

/** Expires lapsed requests; of several processes, one records each. */
export const expireApprovals = async ({ clock }: Pick<Engine, "clock">, db: Database): Promise<void> => {
  const at = clock.now();
  await db.transaction().execute(async (tx) => {
    const { rows } = await sql<Row>`
      update earlybird.approvals a set state = 'expired'
      where a.state in ('asked', 'approved') and a.expires_at <= ${at} returning ${columns}`.execute(tx);
    for (const row of rows) {
      const { approval } = fromRow(row, at);
      await appendToLedger(tx, approvalEntry(approval, "expired", { by: system, at }));
    }
  });
};
