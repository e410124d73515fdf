import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { addDays, firstOfMonth } from "../calendar.ts";
import type { DeliveryDatabase } from "../database.ts";
import { comparedOrders, dueNotes } from "./differences.ts";

/** The number of customers with unbilled orders of a month, and the total. */
export interface Unbilled {
  customers: number;
  amountPaise: number;
}

const patienceMs = 3_000;

/**
 * Calculates what a run for the month would bill now, including late deliveries of earlier months. Read-only, with a
 * timeout of three seconds: it is called after an error.
 *
 * @param month `YYYY-MM`
 */
export const readUnbilled = (
  db: DeliveryDatabase,
  active: ActiveBehaviours,
  month: string,
): Promise<Unbilled> => {
  const first = `${month}-01`;
  const billed = { active, first, next: firstOfMonth(addDays(first, 31)) };
  return db.transaction().execute(async (tx) => {
    await sql`select set_config('statement_timeout', ${String(patienceMs)}, true)`.execute(tx);
    const { rows } = await sql<Unbilled>`
      with noted as (select n.order_id from ${dueNotes(billed)})
      select count(distinct customer_id)::int as customers,
        coalesce(sum(to_charge_paise - held_paise), 0)::bigint as "amountPaise"
      from (${comparedOrders(billed)}) compared where to_charge_paise <> held_paise`.execute(tx);
    return rows[0] ?? { customers: 0, amountPaise: 0 };
  });
};
