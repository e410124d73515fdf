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

/** What is to be delivered to a customer on a day. */
export const readParcel = async (
  db: DeliveryDatabase,
  { customer_id, delivery_date }: { customer_id: string; delivery_date: string },
): Promise<Parcel> => {
  const { rows } = await sql<Parcel>`
    select ${delivery_date}::text as delivery_date, c.name as customer_name,
      coalesce((
        select jsonb_agg(jsonb_build_object('name', p.name, 'unit', p.unit, 'quantity', item.quantity)
          order by p.name)
        from orders o
        cross join lateral jsonb_to_recordset(o.items) as item (product_id text, quantity int)
        join products p on p.id = item.product_id
        where o.customer_id = c.id and o.delivery_date = ${delivery_date} and o.status <> 'CANCELLED'
      ), '[]') as items,
      not exists (
        select from delivery_statuses d
        where d.customer_id = c.id and d.delivery_date = ${delivery_date} and d.status = 'pending'
      ) as confirmed
    from customers c
    where c.id = ${customer_id}`.execute(db);
  const [parcel] = rows;
  // The link's foreign key keeps its customer.
  if (!parcel) throw new Error(`customer ${customer_id} of a shared link is gone`);
  return parcel;
};
