import { type RawBuilder, sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { areas, buildings, firstNames, lastNames, streets } from "./bengaluru.ts";
import type { Plan } from "./plan.ts";

/**
 * Decides on every customer and on the login that goes with it, in `seed_customers`. Customer 1 is the one
 * of `customer@`, in the area of `delivery@`; `login` says how the two found each other:
 *
 * - `phone`: the login has the customer's phone
 * - `email`: the login has no phone, but `customer-<id>@earlybird.local`
 * - `ambiguous`: two customers share the phone of one login, so nobody can say whose it is
 * - null: the customer never registered
 */
export const planCustomers = async (tx: Transaction<Tables>, plan: Plan): Promise<void> => {
  const { random, customers, days, today } = plan;
  const no = sql`n.no`;
  const oldHand = random.happens("came before the history", no, 750);
  const daysAgo = sql`case
    when ${no} = 1 then ${days + 300}
    when ${oldHand} then ${days + 2} + ${random.roll("days before the history", no, 300)}
    else 2 + ${random.roll("days ago", no, days)} end`;
  const joined = sql`(${today}::date - days_ago + interval '8 hours'
    + ${random.roll("second of joining", sql`no`, 37_000)} * interval '1 second')::timestamptz`;
  await sql`
    create temporary table seed_customers on commit drop as
    with person as (
      select n.no, ${daysAgo} as days_ago,
        ${random.pick("first name", no, firstNames)} as first_name,
        ${random.pick("last name", no, lastNames)} as last_name,
        case when ${no} = 1 then 0 else ${random.roll("area", no, areas.length)} end as area_no,
        case
          when ${no} = 1 then 'active'
          when ${random.happens("closed", no, 15)} then 'closed'
          when ${random.happens("customer paused", no, 20)} then 'paused'
          else 'active' end as status,
        -- Neighbours 2k and 2k + 1: in some households they gave the same number.
        ${no} > 1 and (${no} | 1) <= ${customers}
          and ${random.happens("shared phone", sql`(${no} / 2)`, 25)} as shares_phone,
        ${no} = 1 or ${random.happens("has a login", no, 700)} as registered,
        ${no} <> 1 and ${random.happens("by email", no, 150)} as by_email
      from generate_series(1, ${customers}::integer) as n (no)
    ),
    dated as (
      select *, ${joined} as created_at,
        case
          when shares_phone and no % 2 = 0 then 'ambiguous'
          when shares_phone or not registered then null
          when by_email then 'email'
          else 'phone' end as login
      from person
    )
    select no, area_no, status, login, created_at,
      ${random.id("cst", sql`created_at`, sql`no`)} as id,
      case when login is not null then ${random.id("usr", sql`created_at`, sql`no`)} end as login_id,
      case when no = 1 then 'Ananya Rao' else first_name || ' ' || last_name end as name,
      ${phone(sql`case when shares_phone then no & ~1 else no end`)} as phone,
      ${address(plan, sql`no`)} as address,
      (${areas.map(({ name }) => name)}::text[])[1 + area_no] as area,
      lower(first_name || '.' || last_name) || no || '@example.com' as personal_email
    from dated`.execute(tx);
  await sql`analyze seed_customers`.execute(tx);
};

/** A mobile number that no other number has: multiplying modulo a prime maps no two to the same. */
const phone = (no: RawBuilder<unknown>): RawBuilder<string> =>
  sql`'+91' || (7000000000 + ((${no})::bigint * 1103515245) % 1999999973)`;

const address = ({ random }: Plan, no: RawBuilder<unknown>): RawBuilder<string> => sql`
  case when ${random.happens("lives in a flat", no, 550)}
    then 'Flat ' || (1 + ${random.roll("floor", no, 9)}) * 100 + 1 + ${random.roll("door", no, 6)}
      || ', ' || ${random.pick("building", no, buildings)}
    else '#' || 1 + ${random.roll("house", no, 240)} end
  || ', ' || ${random.pick("street", no, streets)}
  || ', ' || (${areas.map(({ name }) => name)}::text[])[1 + area_no]
  || ', Bengaluru ' || (${areas.map(({ pin }) => pin)}::text[])[1 + area_no]`;

/** Writes the customers; each one that is linked to its login names it. */
export const seedCustomers = async (tx: Transaction<Tables>): Promise<number> => {
  const inserted = await sql`
    insert into customers (id, name, phone, address, area, status, created_at, user_id)
    select id, name, phone, address, area, status, created_at,
      case when login in ('phone', 'email') then login_id end
    from seed_customers order by created_at, no`.execute(tx);
  return Number(inserted.numAffectedRows);
};
