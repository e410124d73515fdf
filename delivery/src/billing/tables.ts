import { sql } from "kysely";

/**
 * Statements that create what billing has beyond the baseline; each may run again at every start.
 *
 * `bill_lines` is what each bill charges for each order: whether an order has been charged, and how much, is read
 * from it and never computed anew, whatever steps have been rolled back in between. The lines of a bill add up to
 * its amount; the lines of a void bill count for nothing. A bill of a version before there were lines has none.
 *
 * `deliveries_to_bill` are the deliveries that a run has still to look at: each confirmation, and each void bill,
 * notes its orders there, so that a run of a later month finds them without reading the months before.
 */
export const billingTables = [
  sql`
    create table if not exists billing_runs (
      period       date primary key,
      succeeded_at timestamptz not null
    )`,
  // In one statement, and only where it is needed: it locks the table.
  sql`
    do $$ begin
      if not exists (
        select from pg_attribute where attrelid = 'billing_records'::regclass and attname = 'supplements') then
        alter table billing_records
          add column supplements       date check (extract(day from supplements) = 1),
          add column issued_at         timestamptz,
          add column issued_by         text references users (id) on delete set null,
          add column paid_at           timestamptz,
          add column paid_by           text references users (id) on delete set null,
          add column payment_method    text check (payment_method in ('cash', 'upi', 'card', 'bank_transfer')),
          add column payment_reference text,
          add column voided_at         timestamptz,
          add column voided_by         text references users (id) on delete set null,
          add column void_reason       text,
          drop constraint if exists billing_records_covers_check,
          add constraint billing_records_covers_check check (covers in ('subscriptions', 'order', 'supplement')),
          drop constraint if exists billing_records_amount_paise_check,
          add constraint billing_records_amount_paise_check check (amount_paise >= 0 or covers <> 'order');
      end if;
    end $$`,
  sql`
    create unique index if not exists billing_records_payment on billing_records (payment_method, payment_reference)
    where payment_reference is not null`,
  sql`
    create table if not exists bill_lines (
      bill_id      text not null references billing_records (id) on delete cascade,
      order_id     text not null references orders (id) on delete cascade,
      amount_paise bigint not null,
      primary key (bill_id, order_id)
    )`,
  sql`create index if not exists bill_lines_order on bill_lines (order_id)`,
  sql`
    create table if not exists deliveries_to_bill (
      id       bigint generated always as identity primary key,
      order_id text not null references orders (id) on delete cascade
    )`,
  sql`create index if not exists deliveries_to_bill_order on deliveries_to_bill (order_id)`,
  // A run looks for one-time orders of earlier months that were not billed: a twentieth of all orders.
  sql`create index if not exists orders_one_time_day on orders (delivery_date) where kind = 'one_time'`,
];
