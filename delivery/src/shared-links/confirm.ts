import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { Kysely } from "kysely";
import { today } from "../calendar.ts";
import type { Client } from "../client.ts";
import type { ApiContext } from "../context.ts";
import type { Tables } from "../database.ts";
import {
  alreadyConfirmed,
  type Confirmation,
  confirmCustomerDay,
  confirmOrder,
} from "../deliveries/index.ts";
import { tokenHash } from "../token-hash.ts";
import { findLink } from "./link.ts";

/** The person who confirms by a link, as they and their request identify them. */
export interface Witness extends Client {
  name: string | undefined;
  notes: string | undefined;
}

/**
 * Confirms, without a login, all deliveries of the link's customer on its day: all or none, once.
 *
 * @returns the number of confirmed deliveries
 * @throws Failure EB_LINK_NOT_FOUND, EB_LINK_EXPIRED, EB_ALREADY_CONFIRMED, and those of a confirmation
 */
export const confirmByLink = (
  { changes, clock }: ApiContext,
  token: string,
  { name, notes, ipAddress, deviceInfo }: Witness,
): Promise<number> => {
  const at = clock.now();
  const confirmation: Confirmation = {
    outcome: "delivered",
    notes,
    at,
    today: today(clock),
    by: { userId: null, name: name ?? null, method: "shared_link", ipAddress, deviceInfo },
  };
  return changes.transaction(async (tx, active) => {
    const { customer_id, delivery_date } = await findLink(tx, token, at);
    const used = await tx
      .updateTable("shared_links")
      .set({ used_at: at })
      .where("token_hash", "=", tokenHash(token))
      .where("used_at", "is", null)
      .returning("token_hash")
      .executeTakeFirst();
    if (!used) throw alreadyConfirmed({ what: "The delivery of this link" });
    return confirmDay(tx, active, { customerId: customer_id, date: delivery_date }, confirmation);
  });
};

const confirmDay = async (
  tx: Kysely<Tables>,
  active: ActiveBehaviours,
  day: { customerId: string; date: string },
  confirmation: Confirmation,
): Promise<number> => {
  if (!active.has("delivery-order")) {
    return (await confirmCustomerDay(tx, active, day, confirmation)).length;
  }
  const open = await tx
    .selectFrom("orders")
    .select("id")
    .where("customer_id", "=", day.customerId)
    .where("delivery_date", "=", day.date)
    .where("status", "in", ["PENDING", "CONFIRMED", "OUT_FOR_DELIVERY"])
    // A courier may already have recorded that the delivery failed.
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom("delivery_statuses as d")
            .select("d.id")
            .whereRef("d.order_id", "=", "orders.id")
            .where("d.status", "!=", "pending"),
        ),
      ),
    )
    // Always in this order, so that concurrent confirmations of a day cannot deadlock.
    .orderBy("id")
    .execute();
  if (open.length === 0) throw alreadyConfirmed({ what: `The delivery of ${day.date}` });
  for (const { id } of open) {
    await confirmOrder(tx, active, { orderId: id, date: day.date }, confirmation);
  }
  return open.length;
};
