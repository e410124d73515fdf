import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { areas, firstNames, lastNames } from "./bengaluru.ts";
import { courierLogins, demoLogins } from "./logins.ts";
import type { Plan } from "./plan.ts";

/**
 * Writes the logins of the staff, of the customers, and of people who registered and never became customers (one
 * for a hundred customers). `seed_staff` numbers the delivery people from 0, as the areas are.
 */
export const seedUsers = async (
  tx: Transaction<Tables>,
  plan: Plan,
  passwordHash: string,
): Promise<number> => {
  const staff = await seedStaff(tx, plan, passwordHash);
  const registered = await sql`
    insert into users (id, email, phone, name, password_hash, role, active, created_at, verified_at, customer_id)
    select login_id,
      case when no = 1 then 'customer@earlybird.local'
        when login = 'email' then 'customer-' || id || '@earlybird.local'
        else personal_email end,
      case when login <> 'email' then phone end,
      name, ${passwordHash}, 'customer', status <> 'closed', created_at, created_at,
      case when login in ('phone', 'email') then id end
    from seed_customers where login is not null
    order by created_at, no`.execute(tx);
  return staff + Number(registered.numAffectedRows) + (await seedStrangers(tx, plan, passwordHash));
};

const seedStaff = async (tx: Transaction<Tables>, plan: Plan, passwordHash: string): Promise<number> => {
  const { random, firstDay } = plan;
  const others = demoLogins.filter(({ role }) => role !== "delivery" && role !== "customer");
  const staff = [...courierLogins, ...others].map((login, no) => ({ no, ...login }));
  await sql`
    create temporary table seed_staff on commit drop as
    select s.no, s.email, s.name, s.role, hired.at as created_at,
      '+91' || 9000000000 + s.no * 104729 as phone,
      ${random.id("usr", sql`hired.at`, sql`-1 - s.no`)} as id
    from jsonb_to_recordset(${JSON.stringify(staff)}::jsonb) as s (no integer, email text, name text, role text)
    cross join lateral (select (${firstDay}::date - 390 + s.no * interval '25 hours')::timestamptz as at) hired`.execute(
    tx,
  );
  const inserted = await sql`
    insert into users (id, email, phone, name, password_hash, role, created_at, verified_at)
    select id, email, phone, name, ${passwordHash}, role, created_at, created_at from seed_staff order by no`.execute(
    tx,
  );
  await sql`
    insert into courier_areas (user_id, area)
    select id, (${areas.map(({ name }) => name)}::text[])[1 + no] from seed_staff where role = 'delivery'`.execute(
    tx,
  );
  return Number(inserted.numAffectedRows);
};

const seedStrangers = async (tx: Transaction<Tables>, plan: Plan, passwordHash: string): Promise<number> => {
  const { random, customers, days, today } = plan;
  const no = sql`n.no`;
  const inserted = await sql`
    insert into users (id, email, phone, name, password_hash, role, created_at, verified_at)
    select ${random.id("usr", sql`s.at`, sql`-1000 - s.no`)},
      lower(s.first_name || '.' || s.last_name) || '.new' || s.no || '@example.com',
      '+91' || 9500000000 + s.no * 7919, s.first_name || ' ' || s.last_name, ${passwordHash}, 'customer', s.at, null
    from (
      select n.no,
        ${random.pick("stranger's first name", no, firstNames)} as first_name,
        ${random.pick("stranger's last name", no, lastNames)} as last_name,
        (${today}::date - 1 - ${random.roll("stranger's day", no, days)} + interval '19 hours')::timestamptz as at
      from generate_series(1, ${Math.ceil(customers / 100)}::integer) as n (no)
    ) s
    order by s.at, s.no`.execute(tx);
  return Number(inserted.numAffectedRows);
};
