import { type Kysely, sql } from "kysely";
import type { Tables } from "../database.ts";

/**
 * Notes that the deliveries of these orders have changed: the next run of their month, or of a later one, compares them with
 * the bills. Call this in the transaction of every confirmation and correction; it is idempotent.
 */
export const noteForBilling = async (tx: Kysely<Tables>, orderIds: readonly string[]): Promise<void> => {
  if (orderIds.length === 0) return;
  await tx
    .insertInto("deliveries_to_bill")
    .values(orderIds.map((order_id) => ({ order_id })))
    .execute();
};

/** The same while step 20 is rolled back, when a delivery speaks for all that a customer had ordered for a day. */
export const noteDayForBilling = async (
  tx: Kysely<Tables>,
  { customerId, date }: { customerId: string; date: string },
): Promise<void> => {
  await sql`
    insert into deliveries_to_bill (order_id)
    select id from orders where customer_id = ${customerId} and delivery_date = ${date}::date`.execute(tx);
};
