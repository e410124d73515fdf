import { sql } from "kysely";
import { z } from "zod";
import { addDays, firstOfMonth, startOfDay } from "../calendar.ts";
import { customerNotFound } from "../customers/index.ts";
import { type DeliveryDatabase, paymentMethods } from "../database.ts";
import { billColumns, billWithLinesView, readLines } from "./bill.ts";

/** A customer's account in a month: what they owed before, what was billed and paid, what they owe after. */
export const statementView = z.object({
  customer_id: z.string(),
  period: z.string(),
  opening_balance_paise: z.int().describe("owed at the beginning of the month; negative: in credit"),
  bills: z.array(billWithLinesView).describe("issued or paid bills of the period"),
  billed_paise: z.int(),
  payments: z.array(
    z.object({
      bill_id: z.string(),
      amount_paise: z.int().describe("negative: a credit that was paid out"),
      paid_at: z.date(),
      method: z.enum(paymentMethods).nullable(),
      reference: z.string().nullable(),
    }),
  ),
  paid_paise: z.int(),
  closing_balance_paise: z.int().describe("opening balance + billed - paid; the next month opens with it"),
});

/**
 * Reads the statement of a month. A bill belongs to its period, a payment to the month in which it arrived; drafts
 * and void bills count for nothing. A payment of which an earlier version recorded no time counts from the day its
 * bill was made.
 *
 * @param month `YYYY-MM`
 * @throws Failure EB_CUSTOMER_NOT_FOUND
 */
export const readStatement = (
  db: DeliveryDatabase,
  { customerId, month, timeZone }: { customerId: string; month: string; timeZone: string },
): Promise<z.infer<typeof statementView>> => {
  const first = `${month}-01`;
  const next = firstOfMonth(addDays(first, 31));
  const [from, to] = [startOfDay(first, timeZone), startOfDay(next, timeZone)];
  const paidAt = sql<Date>`coalesce(paid_at, created_at)`;
  // One snapshot: a payment that arrives meanwhile is in all figures or in none.
  return db
    .transaction()
    .setIsolationLevel("repeatable read")
    .setAccessMode("read only")
    .execute(async (tx) => {
      const customer = await tx
        .selectFrom("customers")
        .select("id")
        .where("id", "=", customerId)
        .executeTakeFirst();
      if (!customer) throw customerNotFound({ id: customerId });
      const { rows } = await sql<{ paise: number }>`
        select coalesce(sum(amount_paise) filter (where period < ${first}::date), 0)::bigint
          - coalesce(sum(amount_paise) filter (where status = 'paid' and ${paidAt} < ${from}), 0)::bigint as paise
        from billing_records
        where customer_id = ${customerId} and status in ('issued', 'paid')`.execute(tx);
      const bills = await tx
        .selectFrom("billing_records")
        .select(billColumns)
        .where("customer_id", "=", customerId)
        .where("billing_records.period", "=", first)
        .where("status", "in", ["issued", "paid"])
        .orderBy("created_at")
        .orderBy("id")
        .execute();
      const payments = await tx
        .selectFrom("billing_records")
        .select([
          "id as bill_id",
          "amount_paise",
          "payment_method as method",
          "payment_reference as reference",
        ])
        .select(paidAt.as("paid_at"))
        .where("customer_id", "=", customerId)
        .where("status", "=", "paid")
        .where(paidAt, ">=", from)
        .where(paidAt, "<", to)
        .orderBy("paid_at")
        .orderBy("id")
        .execute();
      const lines = await readLines(
        tx,
        bills.map(({ id }) => id),
      );
      const opening = rows[0]?.paise ?? 0;
      const [billed, paid] = [total(bills), total(payments)];
      return {
        customer_id: customerId,
        period: month,
        opening_balance_paise: opening,
        bills: bills.map((bill) => ({ ...bill, lines: lines.get(bill.id) ?? [] })),
        billed_paise: billed,
        payments,
        paid_paise: paid,
        closing_balance_paise: opening + billed - paid,
      };
    });
};

const total = (amounts: readonly { amount_paise: number }[]) =>
  amounts.reduce((sum, { amount_paise }) => sum + amount_paise, 0);
