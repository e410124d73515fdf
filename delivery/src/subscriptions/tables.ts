import { sql } from "kysely";

/** What a subscription was before it was changed: its orders up to and including `until` are made by this. */
export const subscriptionTables = [
  sql`
    create table if not exists subscription_terms (
      subscription_id text not null references subscriptions (id) on delete cascade,
      until           date not null,
      product_id      text not null references products (id) on delete cascade,
      quantity        integer not null check (quantity > 0),
      schedule        text not null check (schedule in ('daily', 'alternate', 'weekdays')),
      primary key (subscription_id, until)
    )`,
  sql`create index if not exists subscription_terms_product on subscription_terms (product_id)`,
];
