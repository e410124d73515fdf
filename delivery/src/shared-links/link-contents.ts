import { sql } from "kysely";
import type { DeliveryDatabase } from "../database.ts";

/** What whoever holds a link may see: what is delivered to whom, and nothing of where they live. */
export interface Parcel {
  delivery_date: string;
  customer_name: string;
  items: { name: string; unit: string; quantity: number }[];
  /** Whether nothing is left to be confirmed. */
  confirmed: boolean;
}

/**
 * What is to be delivered to a link's customer on its day; undefined when there is no such link. One
 * statement: between two, the customer's id might be rewritten (step 29).
 */
export const readParcel = async (db: DeliveryDatabase, tokenHash: string): Promise<Parcel | undefined> => {
  const { rows } = await sql<Parcel>`
    select l.delivery_date::text as delivery_date, c.name as customer_name,
      coalesce((
        select jsonb_agg(jsonb_build_object('name', p.name, 'unit', p.unit, 'quantity', item.quantity)
          order by p.name)
        from orders o
        cross join lateral jsonb_to_recordset(o.items) as item (product_id text, quantity int)
        join products p on p.id = item.product_id
        where o.customer_id = c.id and o.delivery_date = l.delivery_date and o.status <> 'CANCELLED'
      ), '[]') as items,
      not exists (
        select from delivery_statuses d
        where d.customer_id = c.id and d.delivery_date = l.delivery_date and d.status = 'pending'
      ) as confirmed
    from shared_links l
    join customers c on c.id = l.customer_id
    where l.token_hash = ${tokenHash}`.execute(db);
  return rows[0];
};
