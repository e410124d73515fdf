import { verify } from "@node-rs/argon2";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Demo, loadDemo } from "../../../test/support/demo.ts";
import { unassignedAreas } from "../couriers/index.ts";
import { demoLogins, demoPassword } from "./index.ts";

let demo: Demo;

beforeAll(async () => {
  demo = await loadDemo();
});

afterAll(async () => demo?.database.drop());

test("the seven logins that are promised exist, with their password", async () => {
  const emails = demoLogins.map(({ email }) => email);
  const users = await demo.db
    .selectFrom("users")
    .select(["email", "role", "name", "active", "password_hash"])
    .where("email", "in", emails)
    .execute();
  expect(users).toHaveLength(7);
  for (const { password_hash, ...user } of users) {
    expect(user).toEqual({ ...demoLogins.find(({ email }) => email === user.email), active: true });
    expect(await verify(password_hash, demoPassword)).toBe(true);
  }
});

test("customer@ has running subscriptions, delivered orders and bills", async () => {
  const { rows } = await sql`
    select exists (select from subscriptions s where s.customer_id = c.id and s.status = 'active') as subscribed,
      exists (select from orders o where o.customer_id = c.id and o.status = 'DELIVERED') as delivered,
      exists (select from orders o where o.customer_id = c.id and o.delivery_date = '2026-03-11') as tomorrow,
      exists (select from billing_records b where b.customer_id = c.id) as billed
    from users u join customers c on c.id = u.customer_id where u.email = 'customer@earlybird.local'`.execute(
    demo.db,
  );
  expect(rows).toEqual([{ subscribed: true, delivered: true, tomorrow: true, billed: true }]);
});

test("each area has its delivery person, that of delivery@ is the one of customer@", async () => {
  expect(await demo.offenders(unassignedAreas)).toEqual([]);
  const { rows } = await sql`
    select a.area = (select area from customers c join users u on u.customer_id = c.id
      where u.email = 'customer@earlybird.local') as same
    from courier_areas a join users u on u.id = a.user_id where u.email = 'delivery@earlybird.local'`.execute(
    demo.db,
  );
  expect(rows).toEqual([{ same: true }]);
});

test("logins and customers know each other, found by phone or by the address that holds the customer's id", async () => {
  expect(
    await demo.offenders(sql`
      select u.id from users u left join customers c on c.id = u.customer_id
      where u.customer_id is not null and (c.user_id is distinct from u.id
        or (u.phone is distinct from c.phone and u.email <> 'customer-' || c.id || '@earlybird.local'))
      union all
      select c.id from customers c left join users u on u.id = c.user_id
      where c.user_id is not null and u.customer_id is distinct from c.id`),
  ).toEqual([]);
  const { rows } = await sql`
    select count(user_id)::float / count(*) between 0.6 and 0.8 as most,
      exists (select from users where email = 'customer-' || customer_id || '@earlybird.local') as by_email
    from customers`.execute(demo.db);
  expect(rows).toEqual([{ most: true, by_email: true }]);
});

test("a login whose phone two customers share is linked to neither", async () => {
  const shared = sql`select phone from customers group by phone having count(*) > 1`;
  expect(await demo.offenders(shared)).not.toEqual([]);
  expect(
    await demo.offenders(sql`select c.id from customers c where c.phone in (${shared}) and c.user_id is not null
      union all select u.id from users u where u.phone in (${shared}) and u.customer_id is not null
      union all select p.phone from (${shared}) p where 1 <> (select count(*) from users u where u.phone = p.phone)`),
  ).toEqual([]);
});
