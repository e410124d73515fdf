import type { ActiveBehaviours } from "earlybird/rollback";
import { sql } from "kysely";
import { addDays, firstOfMonth } from "../calendar.ts";
import type { DeliveryDatabase } from "../database.ts";
import { charge, delivered } from "./charges.ts";

/** Whose bills a run for a month has still to write, and what they come to. */
export interface Unbilled {
  customers: number;
  amountPaise: number;
}

const patienceMs = 3_000;

/**
 * What a run for the month would bill now. Reads only, and gives up after three seconds: it is asked when
 * something is wrong already.
 *
 * @param month `YYYY-MM`
 */
export const readUnbilled = (
  db: DeliveryDatabase,
  active: ActiveBehaviours,
  month: string,
): Promise<Unbilled> => {
  const first = `${month}-01`;
  const next = firstOfMonth(addDays(first, 31));
  const byQuantity = active.has("delivery-quantities");
  const oneTime = active.has("one-time-billing")
    ? sql`o.kind = 'one_time' and o.billed is not true
        and not exists (select from billing_records b where b.order_id = o.id)`
    : sql`false`;
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('statement_timeout', ${String(patienceMs)}, true)`.execute(tx);
    const { rows } = await sql<Unbilled>`
      select count(distinct o.customer_id)::int as customers,
        coalesce(sum(${charge(byQuantity)}), 0)::bigint as "amountPaise"
      from orders o
      where o.delivery_date < ${next}::date and ${delivered}
        and (${oneTime} or o.kind = 'subscription' and o.delivery_date >= ${first}::date and not exists (
          select from billing_records b
          where b.customer_id = o.customer_id and b.period = ${first}::date and b.covers = 'subscriptions'
            and b.status <> 'void'))`.execute(tx);
    return rows[0] ?? { customers: 0, amountPaise: 0 };
  });
};
