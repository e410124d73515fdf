import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { type DeliveryDatabase, orderStatuses, type Tables } from "../database.ts";
import { type Delivery, deliveryNotFound, deliveryView } from "./delivery.ts";

const stateView = deliveryView.pick({ status: true, delivery_date: true, items: true }).extend({
  order_status: z.enum(orderStatuses).nullable().describe("null if the delivery has no order"),
});

/** A correction in a response of the API: the delivery before and after, the user and the reason. */
export const correctionView = z.object({
  id: z.int(),
  delivery_id: z.string(),
  at: z.date(),
  corrected_by: z.string().nullable().describe("null if the user is deleted"),
  corrected_by_name: z.string(),
  reason: z.string(),
  before: stateView
    .extend(
      deliveryView.pick({ confirmed_by_user_id: true, confirmed_by_name: true, confirmation_method: true })
        .shape,
    )
    .extend({ confirmed_at: z.coerce.date().nullable() }),
  after: stateView,
});

type State = Delivery & { order_status: string | null };

/** Records the state of a delivery before and after a correction. */
export const recordCorrection = async (
  tx: Kysely<Tables>,
  { by, at, reason }: { by: { id: string; name: string }; at: Date; reason: string },
  { before, after }: { before: State; after: State },
): Promise<void> => {
  await sql`
    insert into delivery_corrections (
      delivery_id, at, corrected_by, corrected_by_name, reason,
      before_status, before_delivery_date, before_items, before_order_status,
      before_confirmed_by_user_id, before_confirmed_by_name, before_confirmed_at, before_confirmation_method,
      after_status, after_delivery_date, after_items, after_order_status)
    values (
      ${before.id}, ${at}, ${by.id}, ${by.name}, ${reason},
      ${before.status}, ${before.delivery_date}, ${json(before.items)}::jsonb, ${before.order_status},
      ${before.confirmed_by_user_id}, ${before.confirmed_by_name}, ${before.confirmed_at}, ${before.confirmation_method},
      ${after.status}, ${after.delivery_date}, ${json(after.items)}::jsonb, ${after.order_status})`.execute(
    tx,
  );
};

const json = (items: unknown): string | null => (items === null ? null : JSON.stringify(items));

/**
 * The corrections of a delivery, newest first, up to `take` before an id.
 *
 * @throws Failure EB_DELIVERY_NOT_FOUND
 */
export const readCorrections = async (
  db: DeliveryDatabase,
  deliveryId: string,
  { before, take }: { before: number | undefined; take: number },
): Promise<z.infer<typeof correctionView>[]> => {
  const found = await db
    .selectFrom("delivery_statuses")
    .select("id")
    .where("id", "=", deliveryId)
    .executeTakeFirst();
  if (!found) throw deliveryNotFound({ id: deliveryId });
  const further = before === undefined ? sql`` : sql`and id < ${before}`;
  const { rows } = await sql<z.infer<typeof correctionView>>`
    select id, delivery_id, at, corrected_by, corrected_by_name, reason,
      jsonb_build_object('status', before_status, 'delivery_date', before_delivery_date, 'items', before_items,
        'order_status', before_order_status, 'confirmed_by_user_id', before_confirmed_by_user_id,
        'confirmed_by_name', before_confirmed_by_name, 'confirmed_at', before_confirmed_at,
        'confirmation_method', before_confirmation_method) as before,
      jsonb_build_object('status', after_status, 'delivery_date', after_delivery_date, 'items', after_items,
        'order_status', after_order_status) as after
    from delivery_corrections
    where delivery_id = ${deliveryId} ${further}
    order by id desc
    limit ${take}`.execute(db);
  return rows;
};
