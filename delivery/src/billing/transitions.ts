import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import type { ApiContext } from "../context.ts";
import type { paymentMethods, Tables } from "../database.ts";
import { billingLock } from "../locks.ts";
import { type BillStatus, billColumns, billNotFound } from "./bill.ts";

/** What may be done with a bill in which state, and where that leads. A bill that is paid or void stays so. */
const transitions = {
  issue: { from: ["draft"], to: "issued" },
  pay: { from: ["issued"], to: "paid" },
  void: { from: ["draft", "issued"], to: "void" },
} as const satisfies Record<string, { from: readonly BillStatus[]; to: BillStatus }>;

export type BillAction =
  | { action: "issue" }
  | {
      action: "pay";
      method: (typeof paymentMethods)[number];
      reference?: string | undefined;
      paidAt?: Date | undefined;
    }
  | { action: "void"; reason: string };

const possibleIn = (status: BillStatus): string[] =>
  Object.entries(transitions).flatMap(([action, { from }]) =>
    (from as readonly BillStatus[]).includes(status) ? [action] : [],
  );

const remedies: Record<BillStatus, string> = {
  draft: "Issue the bill first.",
  issued: "Record its payment, or void it with a reason.",
  paid: "Correct the delivery instead: the next run credits the difference with a supplement.",
  void: "Run billing for the month: it bills again what the void bill covered.",
};

const billState = defineFailure({
  code: "EB_BILL_STATE",
  status: 409,
  detail: "Bill {id} is {status}: {action} is not possible; possible: {possible}.",
  remedy: "{remedy}",
});

const paidInTheFuture = defineFailure({
  code: "EB_PAID_IN_THE_FUTURE",
  status: 422,
  detail: "{at} is in the future.",
  remedy: "Send the time of the payment, or omit paid_at.",
});

const paymentBooked = defineFailure({
  code: "EB_PAYMENT_BOOKED",
  status: 409,
  detail: "The {method} payment {reference} is already recorded on bill {billId}.",
  remedy: "Check the reference; a payment can pay only one bill.",
});

/**
 * Issues, pays or voids a bill. What a void bill covered is billed again by the next run.
 *
 * @param by the user who does it
 * @throws Failure EB_BILL_NOT_FOUND, EB_BILL_STATE, EB_PAID_IN_THE_FUTURE, EB_PAYMENT_BOOKED
 */
export const changeBill = (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  request: { id: string; by: string } & BillAction,
) => {
  const { id, by } = request;
  const now = clock.now();
  return changes.transaction(async (tx, active) => {
    await withoutRuns(tx);
    const bill = await tx
      .selectFrom("billing_records")
      .select(["id", "status"])
      .where("id", "=", id)
      .forUpdate()
      .executeTakeFirst();
    if (!bill) throw billNotFound({ id });
    const { from, to } = transitions[request.action];
    const allowed: readonly BillStatus[] = from;
    if (!allowed.includes(bill.status)) {
      const { status } = bill;
      const possible = possibleIn(status);
      throw billState(
        {
          id,
          status,
          action: request.action,
          possible: possible.join(", ") || "nothing",
          remedy: remedies[status],
        },
        { status, possible },
      );
    }
    if (request.action === "pay") await checkPayment(tx, request, now);
    if (request.action === "void") await noteForNextRun(tx, id, active.has("one-time-billing"));
    return tx
      .updateTable("billing_records")
      .set({ status: to, ...recordOf(request, { by, now }) })
      .where("id", "=", id)
      .returning(billColumns)
      .executeTakeFirstOrThrow();
  });
};

/**
 * Issues all drafts of a month.
 *
 * @param month `YYYY-MM`
 * @returns how many
 */
export const issueDrafts = (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  { month, by }: { month: string; by: string },
): Promise<number> =>
  changes.transaction(async (tx) => {
    await withoutRuns(tx);
    const { numUpdatedRows } = await tx
      .updateTable("billing_records")
      .set({ status: transitions.issue.to, issued_at: clock.now(), issued_by: by })
      .where("period", "=", `${month}-01`)
      .where("status", "in", transitions.issue.from)
      .executeTakeFirst();
    return Number(numUpdatedRows);
  });

/** A run that is under way may be about to correct the draft. */
const withoutRuns = (tx: Kysely<Tables>) =>
  sql`select pg_advisory_xact_lock(${sql.join(billingLock)})`.execute(tx);

const recordOf = (request: BillAction, { by, now }: { by: string; now: Date }) => {
  if (request.action === "issue") return { issued_at: now, issued_by: by };
  if (request.action === "void") return { voided_at: now, voided_by: by, void_reason: request.reason };
  return {
    paid_at: request.paidAt ?? now,
    paid_by: by,
    payment_method: request.method,
    payment_reference: request.reference ?? null,
  };
};

const checkPayment = async (
  tx: Kysely<Tables>,
  { method, reference, paidAt }: Extract<BillAction, { action: "pay" }>,
  now: Date,
): Promise<void> => {
  if (paidAt !== undefined && paidAt > now) throw paidInTheFuture({ at: paidAt.toISOString() });
  if (reference === undefined) return;
  const booked = await tx
    .selectFrom("billing_records")
    .select("id")
    .where("payment_method", "=", method)
    .where("payment_reference", "=", reference)
    .executeTakeFirst();
  if (booked) throw paymentBooked({ method, reference, billId: booked.id });
};

/** What the bill covers: its lines; its one-time order; its month, where it was made before bills had lines. */
const noteForNextRun = async (tx: Kysely<Tables>, id: string, oneTime: boolean): Promise<void> => {
  await sql`
    insert into deliveries_to_bill (order_id)
    select order_id from bill_lines where bill_id = ${id}
    union
    select order_id from billing_records where id = ${id} and order_id is not null
    union
    select o.id from billing_records b
    join orders o on o.customer_id = b.customer_id and o.kind = 'subscription'
      and o.delivery_date >= b.period and o.delivery_date < b.period + interval '1 month'
    where b.id = ${id} and b.covers = 'subscriptions'
      and not exists (select from bill_lines l where l.bill_id = b.id)`.execute(tx);
  if (!oneTime) return;
  await sql`
    update orders set billed = null from billing_records b
    where b.id = ${id} and b.covers = 'order' and orders.id = b.order_id`.execute(tx);
};
