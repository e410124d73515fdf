import {
  backfill,
  behaviour,
  columns,
  type Database,
  defineChange,
  index,
  noneOf,
} from "@earlybird-ops/platform/rollback";
import { type RawBuilder, sql } from "kysely";
import { ids } from "../ids/index.ts";
import { count, countBy } from "./impact.ts";

/** The addresses of logins made for a customer: the id in them stays when step 29 rewrites ids. */
const addressesFor = (customer: RawBuilder<unknown>) => sql`(
  select 'customer-' || either.id || '@earlybird.local' from ${ids.eitherStyle("customers", customer)} as either (id))`;

/** Whether no other verified login than `this` has an address made for the customer `c`. */
const nobodyElseAddressed = sql`not exists (
  select from ${addressesFor(sql`c.id`)} as made (address) join users u on u.email = made.address
    where u.id <> this.id and u.verified_at is not null)`;

/** Whether the customer `c` has no login, and none was made for it while the step was rolled back. */
const free = sql`c.user_id is null and not exists (select from intended_links i where i.customer_id = c.id)`;

/** The customer that the login `this` was made for while the step was rolled back, where no other login was, too. */
const intended = sql`(
  select c.id from intended_links i join customers c on c.id = i.customer_id
  where i.user_id = this.id and c.user_id is null
    and not exists (select from intended_links other where other.customer_id = c.id and other.user_id <> this.id))`;

/** The customer's id in such an address, of either style; null in others. */
const idIn = (email: RawBuilder<unknown>) =>
  sql`substring(${email} from '^customer-(.+)@earlybird[.]local$')`;

/** Customers' logins that work today, and would not without the link. */
const losing = sql`users u join customers c on c.id = u.customer_id where u.active and u.role = 'customer'`;

/** Customers' logins that stay without customer, those that nobody has verified first: staff decides on them. */
const reportUnlinked = async (db: Database): Promise<string[]> => {
  const { rows } = await sql<{ id: string; unverified: boolean; logins: number }>`
    select id, verified_at is null as unverified, (count(*) over ())::integer as logins
    from users where role = 'customer' and active and customer_id is null
    order by unverified desc, created_at desc, id limit 10`.execute(db);
  if (!rows[0]) return [];
  const examples = rows.map(({ id, unverified }) => (unverified ? `${id} (not verified)` : id));
  return [
    `${rows[0].logins} logins of customers are not linked and cannot log in, among them ${examples.join(", ")}. Find out whose they are, and link each with POST /api/customers/:id/link.`,
  ];
};

export default defineChange({
  step: 21,
  name: "user-customer",
  title: "Logins and customers are linked",
  requires: [],
  risk: "critical",
  acknowledge: "login broken",
  whileRolledBack: "Customer logins without a link cannot log in (403, `EB_LOGIN_NOT_LINKED`). Staff can.",
  affects: {
    routes: [
      "POST /api/auth/login",
      "POST /api/auth/register",
      "POST /api/users",
      "POST /api/customers/:id/link",
      "POST /api/customers/:id/unlink",
    ],
    alerts: ["SECURITY_ALERT"],
  },
  parts: [
    ids.maps,
    columns("users", { customer_id: { type: "text", references: "customers.id" } }),
    columns("customers", { user_id: { type: "text", references: "users.id" } }),
    index("users", ["customer_id"]),
    index("customers", ["user_id"]),
    backfill("users", "customer_id", {
      rows: sql`this.role = 'customer'`,
      // What was made for each other; else, of a verified login (anybody can type another's phone), by phone where one
      // login and one customer share it, else by the address made for a customer.
      value: sql`coalesce(${intended}, case when this.verified_at is not null then coalesce(
        (select min(c.id) from customers c
          where c.phone = this.phone and ${free}
            and ${nobodyElseAddressed}
          having count(*) = 1 and 1 = (
            select count(*) from users u where u.phone = this.phone and u.role = 'customer' and u.customer_id is null
              and u.verified_at is not null)),
        (select c.id from customers c
          where ${free} and c.id in ${ids.eitherStyle("customers", idIn(sql`this.email`))}
            and ${nobodyElseAddressed})) end)`,
      among: {
        journals: ["users", "customers"],
        keys: (writtenUsers, writtenCustomers) => sql`(
          select key from ${writtenUsers} as written (key)
          union select u.id from customers c join users u on u.phone = c.phone where c.id in ${writtenCustomers}
          union select u.id from ${writtenCustomers} as written (key)
            cross join lateral ${addressesFor(sql`written.key`)} as made (address)
            join users u on u.email = made.address)`,
      },
    }),
    backfill("customers", "user_id", {
      value: sql`(select min(u.id) from users u where u.customer_id = this.id having count(*) = 1)`,
      among: {
        journals: ["users", "customers"],
        keys: (writtenUsers, writtenCustomers) => sql`(
          select key from ${writtenCustomers} as written (key)
          union select u.customer_id from users u
            where u.id in ${writtenUsers} or u.phone in (select phone from customers where id in ${writtenCustomers}))`,
      },
    }),
    behaviour("user-customer"),
  ],
  impact: async (db) => [
    await count(
      db,
      "customers who can log in now and could not after",
      "customers",
      sql`select count(*) from ${losing}`,
    ),
    ...(await countBy(
      db,
      "of these",
      "customers",
      sql`select c.area as part, count(*) as value from ${losing} group by c.area order by value desc, part`,
    )),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "links are mutual",
            sql`select u.id from users u left join customers c on c.id = u.customer_id
                where u.customer_id is not null and c.user_id is distinct from u.id
              union all
              select c.id from customers c left join users u on u.id = c.user_id
                where c.user_id is not null and u.customer_id is distinct from c.id`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no login and no customer is linked",
            sql`select id from users where customer_id is not null
              union all select id from customers where user_id is not null`,
          ),
        ],
  review: (db, direction) => (direction === "reapply" ? reportUnlinked(db) : Promise.resolve([])),
});
