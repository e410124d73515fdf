import { sql } from "kysely";
import { z } from "zod";
import type { DeliveryDatabase } from "../database.ts";

/** The information that a link discloses: what is delivered to whom, but no address. */
export const linkContents = z.object({
  delivery_date: z.string(),
  customer_name: z.string(),
  items: z.array(z.object({ name: z.string(), unit: z.string(), quantity: z.int() })),
  confirmed: z.boolean(),
});

type LinkContents = z.infer<typeof linkContents>;

/**
 * Reads what is delivered to a link's customer on its day; undefined if there is no such link. Uses one statement:
 * between two, the customer's id could be rewritten (step 29).
 */
export const readLinkContents = async (
  db: DeliveryDatabase,
  tokenHash: string,
): Promise<LinkContents | undefined> => {
  const { rows } = await sql<LinkContents>`
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
