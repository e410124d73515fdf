import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import { z } from "zod";
import { addDays, today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { customerNotFound } from "../customers/index.ts";
import type { DeliveryDatabase, Tables } from "../database.ts";
import { lockCourier } from "./courier.ts";

const daysAhead = 366;

/** Assigns a stop of a day to a courier; takes precedence over the area. */
export const assignmentView = z.object({
  delivery_date: z.string(),
  customer_id: z.string(),
  user_id: z.string().describe("the courier"),
});

export type Assignment = z.infer<typeof assignmentView>;

const dateOutOfRange = defineFailure({
  code: "EB_ASSIGNMENT_DATE_OUT_OF_RANGE",
  status: 422,
  detail: "Stops of {date} cannot be assigned.",
  remedy: "Choose a day from {first} to {last}.",
});

const courierInactive = defineFailure({
  code: "EB_COURIER_INACTIVE",
  status: 422,
  detail: "The login of courier {id} is deactivated.",
  remedy: "Choose an active courier, or activate the login at PATCH /api/users/:id.",
});

const assignmentNotFound = defineFailure({
  code: "EB_ASSIGNMENT_NOT_FOUND",
  status: 404,
  detail: "Customer {customerId} has no assignment for {date}.",
  remedy: "GET /api/couriers/assignments lists the assignments of a day.",
});

/** The assignments of a day, up to `take` after a customer. */
export const readAssignments = async (
  db: DeliveryDatabase,
  { date, after, take }: { date: string; after: string | undefined; take: number },
): Promise<Assignment[]> => {
  const further = after === undefined ? sql`` : sql`and customer_id > ${after}`;
  const { rows } = await sql<Assignment>`
    select delivery_date, customer_id, user_id from delivery_assignments
    where delivery_date = ${date}::date ${further}
    order by customer_id
    limit ${take}`.execute(db);
  return rows;
};

/**
 * Assigns stops of a day to a courier: those of the given customers, or of all served customers in an area. Replaces
 * earlier assignments.
 *
 * @returns the number of stops assigned
 * @throws Failure EB_ASSIGNMENT_DATE_OUT_OF_RANGE, EB_COURIER_NOT_FOUND, EB_COURIER_INACTIVE, EB_CUSTOMER_NOT_FOUND
 */
export const assignStops = async (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  date: string,
  stops: { customerIds: readonly string[] } | { area: string },
  courierId: string,
): Promise<number> => {
  const [first, last] = [today(clock), addDays(today(clock), daysAhead)];
  if (date < first || date > last) throw dateOutOfRange({ date, first, last });
  return changes.transaction(async (tx) => {
    const { active } = await lockCourier(tx, courierId);
    if (!active) throw courierInactive({ id: courierId });
    if ("customerIds" in stops) await requireCustomers(tx, stops.customerIds);
    const which =
      "customerIds" in stops
        ? sql`id = any(${stops.customerIds}::text[])`
        : sql`area = ${stops.area} and status <> 'closed'`;
    const { numAffectedRows = 0n } = await sql`
      insert into delivery_assignments (delivery_date, customer_id, user_id)
      select ${date}::date, id, ${courierId} from customers where ${which}
      -- In one order everywhere, so that two who assign the same stops cannot wait for each other.
      order by id
      on conflict (delivery_date, customer_id) do update set user_id = excluded.user_id`.execute(tx);
    return Number(numAffectedRows);
  });
};

const requireCustomers = async (tx: Kysely<Tables>, ids: readonly string[]): Promise<void> => {
  const { rows } = await sql<{ id: string }>`
    select asked.id from unnest(${ids}::text[]) as asked (id)
    where not exists (select from customers c where c.id = asked.id) limit 1`.execute(tx);
  if (rows[0]) throw customerNotFound({ id: rows[0].id });
};

/**
 * Removes an assignment: the area determines the courier again.
 *
 * @throws Failure EB_ASSIGNMENT_NOT_FOUND
 */
export const removeAssignment = (
  { changes }: Pick<ApiContext, "changes">,
  date: string,
  customerId: string,
): Promise<Assignment> =>
  changes.transaction(async (tx) => {
    const { rows } = await sql<Assignment>`
      delete from delivery_assignments
      where delivery_date = ${date}::date and customer_id = ${customerId}
      returning delivery_date, customer_id, user_id`.execute(tx);
    if (!rows[0]) throw assignmentNotFound({ customerId, date });
    return rows[0];
  });
