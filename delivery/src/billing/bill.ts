import { defineFailure } from "@earlybird-ops/platform";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import { type DeliveryDatabase, paymentMethods } from "../database.ts";

export const billStatuses = ["draft", "issued", "paid", "void"] as const;

export type BillStatus = (typeof billStatuses)[number];

/** A bill in a response of the API. */
export const billView = z.object({
  id: z.string(),
  customer_id: z.string(),
  order_id: z.string().nullable().describe("the one-time order it bills; null for a month of subscriptions"),
  covers: z
    .enum(["subscriptions", "order", "supplement"])
    .describe("a supplement covers deliveries and corrections after its month was issued"),
  period: z.string().describe("YYYY-MM"),
  supplements: z.string().nullable().describe("YYYY-MM: the month of a supplement"),
  amount_paise: z.int().describe("negative: a credit"),
  status: z.enum(billStatuses),
  created_at: z.date(),
  issued_at: z.date().nullable(),
  issued_by: z.string().nullable(),
  paid_at: z.date().nullable(),
  paid_by: z.string().nullable(),
  payment_method: z.enum(paymentMethods).nullable(),
  payment_reference: z.string().nullable(),
  voided_at: z.date().nullable(),
  voided_by: z.string().nullable(),
  void_reason: z.string().nullable(),
});

/** What a {@link billView} needs of `billing_records`. */
export const billColumns = [
  "id",
  "customer_id",
  "order_id",
  "covers",
  sql<string>`to_char(billing_records.period, 'YYYY-MM')`.as("period"),
  sql<string | null>`to_char(billing_records.supplements, 'YYYY-MM')`.as("supplements"),
  "amount_paise",
  "status",
  "created_at",
  "issued_at",
  "issued_by",
  "paid_at",
  "paid_by",
  "payment_method",
  "payment_reference",
  "voided_at",
  "voided_by",
  "void_reason",
] as const;

export const billLineView = z.object({
  order_id: z.string(),
  delivery_date: z.string(),
  products: z.array(
    z.object({
      product_id: z.string(),
      name: z.string(),
      unit: z.string(),
      ordered_qty: z.int(),
      delivered_qty: z.int().nullable().describe("null: not recorded"),
      unit_price_paise: z.int(),
    }),
  ),
  amount_paise: z.int().describe("the amount of this bill for the order; in a supplement, the difference"),
});

export const billWithLinesView = billView.extend({
  lines: z.array(billLineView).describe("by day; empty on bills of older versions"),
});

/** The lines of each of these bills, by day, with the delivered quantities as they are recorded now. */
export const readLines = async (
  db: DeliveryDatabase,
  billIds: readonly string[],
): Promise<Map<string, z.infer<typeof billLineView>[]>> => {
  const { rows } = await sql<{ bill_id: string; lines: z.infer<typeof billLineView>[] }>`
    select l.bill_id, jsonb_agg(jsonb_build_object(
        'order_id', o.id, 'delivery_date', o.delivery_date, 'products', ${productsOf}, 'amount_paise', l.amount_paise)
      order by o.delivery_date, o.id) as lines
    from bill_lines l join orders o on o.id = l.order_id
    where l.bill_id = any(${[...billIds]}::text[])
    group by l.bill_id`.execute(db);
  return new Map(rows.map(({ bill_id, lines }) => [bill_id, lines]));
};

const productsOf: RawBuilder<unknown> = sql`(
  select jsonb_agg(jsonb_build_object('product_id', i.product_id, 'name', coalesce(p.name, ''), 'unit', coalesce(p.unit, ''),
      'ordered_qty', i.quantity, 'unit_price_paise', i.unit_price_paise, 'delivered_qty', (
        select sum(handed.delivered_qty) from delivery_statuses d
        cross join lateral jsonb_to_recordset(d.items) as handed (product_id text, delivered_qty int)
        where d.order_id = o.id and handed.product_id = i.product_id))
    order by i.product_id)
  from jsonb_to_recordset(o.items) as i (product_id text, quantity int, unit_price_paise int)
  left join products p on p.id = i.product_id)`;

export const billNotFound = defineFailure({
  code: "EB_BILL_NOT_FOUND",
  status: 404,
  detail: "There is no bill {id}.",
  remedy: "GET /api/billing lists the bills.",
});
