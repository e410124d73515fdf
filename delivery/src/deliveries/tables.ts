import { sql } from "kysely";

/** Statements that create the tables of deliveries beyond the baseline; each may run again at every start. */
export const deliveryTables = [
  // Each delivery before and after a correction. Columns of a step are null while it is rolled back.
  sql`
    create table if not exists delivery_corrections (
      id                          bigint generated always as identity primary key,
      delivery_id                 text not null references delivery_statuses (id) on delete cascade,
      at                          timestamptz not null,
      corrected_by                text references users (id) on delete set null,
      corrected_by_name           text not null,
      reason                      text not null,
      before_status               text not null,
      before_delivery_date        date not null,
      before_items                jsonb,
      before_order_status         text,
      before_confirmed_by_user_id text references users (id) on delete set null,
      before_confirmed_by_name    text,
      before_confirmed_at         timestamptz,
      before_confirmation_method  text,
      after_status                text not null,
      after_delivery_date         date not null,
      after_items                 jsonb,
      after_order_status          text
    )`,
  sql`create index if not exists delivery_corrections_delivery on delivery_corrections (delivery_id, id)`,
  // Deleting a user reads this table by its foreign keys.
  sql`create index if not exists delivery_corrections_by on delivery_corrections (corrected_by)`,
  sql`create index if not exists delivery_corrections_confirmed_by
    on delivery_corrections (before_confirmed_by_user_id)`,
];
