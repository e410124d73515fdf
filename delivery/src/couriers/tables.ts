import { sql } from "kysely";

/** Statements that create the tables of the couriers' rounds; each may run again at every start. */
export const courierTables = [
  sql`
    create table if not exists courier_areas (
      user_id text not null references users (id) on delete cascade,
      area    text not null,
      primary key (user_id, area)
    )`,
  // An assignment for a day takes precedence over the area.
  sql`
    create table if not exists delivery_assignments (
      delivery_date date not null,
      customer_id   text not null references customers (id) on delete cascade,
      user_id       text not null references users (id) on delete cascade,
      primary key (delivery_date, customer_id)
    )`,
  // Deleting a customer or a user reads these tables by their foreign keys.
  sql`create index if not exists delivery_assignments_customer on delivery_assignments (customer_id)`,
  sql`create index if not exists delivery_assignments_user on delivery_assignments (user_id, delivery_date)`,
];
