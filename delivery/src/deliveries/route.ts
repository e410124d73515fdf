import { sql } from "kysely";
import { z } from "zod";
import { isStopOf } from "../couriers/index.ts";
import { type DeliveryDatabase, deliveryOutcomes, orderStatuses } from "../database.ts";
import { id } from "../fields.ts";
import type { Slice } from "../paging.ts";

/** A stop of the day's route: a customer, the deliveries to confirm and the items to hand over. */
export const stopView = z.object({
  customer_id: z.string(),
  name: z.string(),
  phone: z.string(),
  address: z.string(),
  open: z.boolean().describe("whether a delivery is not confirmed yet"),
  deliveries: z.array(
    z.object({ id: z.string(), order_id: z.string().nullable(), status: z.enum(deliveryOutcomes) }),
  ),
  orders: z.array(
    z.object({
      id: z.string(),
      status: z.enum(orderStatuses),
      notes: z.string().nullable(),
      items: z.array(
        z.object({ product_id: z.string(), name: z.string(), unit: z.string(), quantity: z.int() }),
      ),
    }),
  ),
});

export type Stop = z.infer<typeof stopView> & { area: string };

/** The order of the stops in a route. */
export const stopOrder = { area: z.string(), address: z.string(), customer_id: id };

/** The stops of a day by area, all or those of one courier, up to `take` after a position. */
export const readStops = async (
  db: DeliveryDatabase,
  {
    date,
    area,
    courierId,
    after,
    take,
  }: {
    date: string;
    area: string | undefined;
    courierId: string | undefined;
  } & Slice<typeof stopOrder>,
): Promise<Stop[]> => {
  const inArea = area === undefined ? sql`` : sql`and c.area = ${area}`;
  const ofCourier = courierId === undefined ? sql`` : sql`and ${isStopOf(courierId, date)}`;
  const further = after
    ? sql`and (c.area, c.address, c.id) > (${after.area}, ${after.address}, ${after.customer_id})`
    : sql``;
  const { rows } = await sql<Stop>`
    with stops as (
      select c.id as customer_id, c.area, c.name, c.phone, c.address,
        bool_or(d.status = 'pending') as open,
        jsonb_agg(jsonb_build_object('id', d.id, 'order_id', d.order_id, 'status', d.status) order by d.id)
          as deliveries
      from delivery_statuses d
      join customers c on c.id = d.customer_id
      where d.delivery_date = ${date} ${inArea} ${ofCourier} ${further}
      group by c.id
      order by c.area, c.address, c.id
      limit ${take}
    )
    select stops.*, coalesce(ordered.orders, '[]') as orders
    from stops
    left join lateral (
      select jsonb_agg(jsonb_build_object(
        'id', o.id, 'status', o.status, 'notes', o.notes,
        'items', (
          select coalesce(jsonb_agg(jsonb_build_object(
            'product_id', item.product_id, 'quantity', item.quantity,
            'name', coalesce(p.name, item.product_id), 'unit', coalesce(p.unit, ''))), '[]')
          from jsonb_to_recordset(o.items) as item (product_id text, quantity int)
          left join products p on p.id = item.product_id
        )) order by o.id) as orders
      from orders o
      where o.customer_id = stops.customer_id and o.delivery_date = ${date} and o.status <> 'CANCELLED'
    ) ordered on true
    order by stops.area, stops.address, stops.customer_id`.execute(db);
  return rows;
};
