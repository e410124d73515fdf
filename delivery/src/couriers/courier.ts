import { defineFailure } from "@earlybird-ops/platform";
import { type RawBuilder, sql } from "kysely";
import { z } from "zod";
import type { DeliveryDatabase } from "../database.ts";
import { coveredAreas } from "./stops.ts";

/** A courier as the API shows one. */
export const courierView = z.object({
  id: z.string(),
  name: z.string(),
  phone: z.string().nullable(),
  active: z.boolean().describe("an area of an inactive courier counts as unassigned"),
  areas: z.array(z.string()),
});

export type Courier = z.infer<typeof courierView>;

const courierNotFound = defineFailure({
  code: "EB_COURIER_NOT_FOUND",
  status: 404,
  detail: "There is no courier {id}.",
  remedy: "GET /api/couriers lists the couriers: the users with the role delivery.",
});

/** The couriers that fulfil a condition on the user `u`, in the order of their ids. */
export const readCouriers = async (
  db: DeliveryDatabase,
  { where, take }: { where: RawBuilder<unknown>; take: number },
): Promise<Courier[]> => {
  const { rows } = await sql<Courier>`
    select u.id, u.name, u.phone, u.active, array(
      select area from courier_areas where user_id = u.id order by area) as areas
    from users u
    where u.role = 'delivery' and ${where}
    order by u.id
    limit ${take}`.execute(db);
  return rows;
};

/** @throws Failure EB_COURIER_NOT_FOUND */
export const readCourier = async (db: DeliveryDatabase, id: string): Promise<Courier> => {
  const [courier] = await readCouriers(db, { where: sql`u.id = ${id}`, take: 1 });
  if (!courier) throw courierNotFound({ id });
  return courier;
};

/**
 * Reads a courier and keeps others from changing them until the transaction ends.
 *
 * @throws Failure EB_COURIER_NOT_FOUND
 */
export const lockCourier = async (tx: DeliveryDatabase, id: string): Promise<{ active: boolean }> => {
  const courier = await tx
    .selectFrom("users")
    .select("active")
    .where("id", "=", id)
    .where("role", "=", "delivery")
    .forNoKeyUpdate()
    .executeTakeFirst();
  if (!courier) throw courierNotFound({ id });
  return courier;
};

/** A query of the areas with active customers and no courier: each courier sees their stops. */
export const unassignedAreas = sql<{ area: string }>`
  select distinct c.area from customers c where c.status = 'active' and c.area not in ${coveredAreas}`;
