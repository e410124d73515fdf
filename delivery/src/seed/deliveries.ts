import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import type { Plan } from "./plan.ts";

/**
 * Writes a delivery for each order that was not cancelled. Before the changes came, nobody recorded who
 * confirmed and what was handed over, and some deliveries never learnt of their order.
 */
export const seedDeliveries = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  const { random } = plan;
  const key = sql`o.key`;
  const whyTooLittle = random.pick("why too little", key, whyShort);
  const inserted = await sql`
    insert into delivery_statuses (id, customer_id, delivery_date, status, delivered_by, notes, created_at,
      order_id, confirmed_by_user_id, confirmed_by_name, confirmed_at, confirmation_method, ip_address,
      device_info, items)
    select o.delivery_id, o.customer_id, o.day,
      case o.fate when 'full' then 'delivered' when 'partial' then 'partially_delivered' when 'open' then 'pending'
        else o.fate end,
      case when o.method = 'delivery' or (o.fate <> 'open' and not o.new_ways) then courier.id
        when o.method = 'admin' then admin.id end,
      case o.fate when 'failed' then ${random.pick("why failed", key, whyFailed)}
        when 'partial' then ${whyTooLittle} when 'shortage' then ${whyTooLittle} end,
      o.created_at,
      case when o.new_ways or o.fate = 'open' or not ${random.happens("order unknown", key, 80)} then o.id end,
      case o.method when 'delivery' then courier.id when 'admin' then admin.id end,
      case o.method when 'delivery' then courier.name when 'admin' then admin.name
        when 'shared_link' then ${random.pick("who opened the link", sql`o.visit`, neighbours)}
        end,
      case when o.method is not null then o.at end,
      o.method,
      case o.method when 'delivery' then '203.0.113.' || 1 + o.courier_no
        when 'admin' then '192.0.2.10'
        when 'shared_link' then '198.51.100.' || 1 + ${random.roll("address", key, 254)} end,
      case o.method when 'delivery' then ${random.pick("courier's phone", sql`o.courier_no`, courierPhones)}
        when 'admin' then 'Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0'
        when 'shared_link' then ${random.pick("browser", key, browsers)} end,
      o.handed_over
    from seed_orders o
    join seed_staff courier on courier.no = o.courier_no
    cross join (select id, name from seed_staff where role = 'admin') admin
    where o.delivery_id is not null`.execute(tx);
  return Number(inserted.numAffectedRows) + (await seedUnordered(tx, plan));
};

/** Old deliveries at doors where nothing was ordered for that day; the confirmation named the wrong date. */
const seedUnordered = async (tx: Transaction<Tables>, plan: Plan): Promise<number> => {
  const { random, firstDay, changedOn } = plan;
  const key = sql`-1 - c.no`;
  const inserted = await sql`
    insert into delivery_statuses (id, customer_id, delivery_date, status, delivered_by, notes, created_at)
    select ${random.id("dlv", sql`d.at`, key)}, c.id, d.day, 'delivered', courier.id, 'Confirmed by phone', d.at
    from seed_customers c
    join seed_staff courier on courier.no = c.area_no
    cross join lateral (
      select day, (day + interval '7 hours')::timestamptz as at
      from (select ${firstDay}::date + ${random.roll("wrong day", key, sql`greatest(1, ${changedOn}::date - ${firstDay}::date)`)} as day) w
    ) d
    where ${random.happens("wrong day confirmed", key, 300)}
      and d.day < ${changedOn}::date and d.day > c.created_at::date
      and not exists (select from seed_orders o where o.customer_id = c.id and o.day = d.day)
    order by d.at, c.no`.execute(tx);
  return Number(inserted.numAffectedRows);
};

/** Writes the used link behind each visit that was confirmed through one, and as many again, never opened. */
export const seedSharedLinks = async (tx: Transaction<Tables>): Promise<number> => {
  const inserted = await sql`
    insert into shared_links (token_hash, customer_id, delivery_date, expires_at, used_at)
    select encode(sha256(convert_to(v.customer_id || v.visit || link.purpose, 'UTF8')), 'hex'), v.customer_id, v.day,
      (v.day + 2)::timestamptz, case link.purpose when 'used' then v.at end
    from (select distinct customer_id, visit, day, at from seed_orders where method = 'shared_link') v
    cross join (values ('used'), ('unopened')) as link (purpose)`.execute(tx);
  return Number(inserted.numAffectedRows);
};

const neighbours = ["Neighbour", "Security guard", "House help", "Family"];
const whyFailed = ["Gate locked", "Nobody answered", "Address not found", "Vehicle broke down"];
const whyShort = ["Stock short at the depot", "Packet leaked", "Sold out"];
const courierPhones = ["EarlyBird Rider 3.2 (Android 14)", "EarlyBird Rider 3.1 (Android 13)"];
const browsers = [
  "Mozilla/5.0 (Linux; Android 15) Chrome/138.0 Mobile",
  "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5) Safari/604.1",
];
