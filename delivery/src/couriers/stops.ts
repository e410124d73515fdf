import { defineFailure } from "@earlybird-ops/platform";
import type { ActiveBehaviours } from "@earlybird-ops/platform/rollback";
import type { FastifyRequest } from "fastify";
import { type Kysely, type RawBuilder, sql } from "kysely";
import { loginOf } from "../auth/index.ts";
import { addDays } from "../calendar.ts";
import type { Tables } from "../database.ts";

const notYourStop = defineFailure({
  code: "EB_NOT_YOUR_STOP",
  status: 403,
  detail: "This stop is assigned to another courier; nothing was changed.",
  remedy: "GET /api/deliveries/route shows your stops. The office can assign this one to you for the day.",
});

const notYourRound = defineFailure({
  code: "EB_NOT_YOUR_ROUND",
  status: 403,
  detail: "{detail}",
  remedy: "Omit date and courier_id to get your own round of today or tomorrow.",
});

/** Logins that can do a round: an area or a stop of anybody else counts as unassigned. */
const couriers = sql`(select id from users where role = 'delivery' and active)`;

/** The areas that a courier has; the others are everybody's, so that no delivery is lost. */
export const coveredAreas = sql`(select area from courier_areas where user_id in ${couriers})`;

/**
 * SQL condition: customer `c` is a stop of a courier on a day. An assignment for the day takes precedence over the
 * area. A stop in an unassigned area is a stop of every courier.
 */
export const isStopOf = (courierId: string, date: string): RawBuilder<boolean> => sql<boolean>`coalesce(
  (select a.user_id = ${courierId} from delivery_assignments a
    where a.delivery_date = ${date}::date and a.customer_id = c.id and a.user_id in ${couriers}),
  c.area in (select area from courier_areas where user_id = ${courierId}) or c.area not in ${coveredAreas})`;

/**
 * The courier to whose stops this request is limited; undefined if it has access to all stops. This is part of the role
 * checks: while step 24 is rolled back, there is no limit.
 */
export const ownRound = (request: FastifyRequest, active: ActiveBehaviours): string | undefined => {
  const { role, id } = loginOf(request);
  return role === "delivery" && active.has("role-checks") ? id : undefined;
};

/**
 * The courier whose round is shown: the current one or the requested one; undefined for all stops.
 *
 * @throws Failure EB_NOT_YOUR_ROUND
 */
export const roundOf = (
  own: string | undefined,
  asked: { courierId: string | undefined; date: string },
  today: string,
): string | undefined => {
  if (own === undefined) return asked.courierId;
  if (asked.courierId !== undefined && asked.courierId !== own)
    throw notYourRound({ detail: "A courier sees their own round only." });
  if (asked.date !== today && asked.date !== addDays(today, 1))
    throw notYourRound({
      detail: `A courier sees the rounds of today and tomorrow, not that of ${asked.date}.`,
    });
  return own;
};

/** @throws Failure EB_NOT_YOUR_STOP when the customer is another courier's stop on that day */
export const requireOwnStop = async (
  tx: Kysely<Tables>,
  courierId: string,
  { customerId, date }: { customerId: string; date: string },
): Promise<void> => {
  const { rows } = await sql<{ own: boolean }>`
    select ${isStopOf(courierId, date)} as own from customers c where c.id = ${customerId}`.execute(tx);
  if (rows[0]?.own === false) throw notYourStop();
};
