import type pg from "pg";

interface Column {
  place: string;
  table: string;
  name: string;
  /** As the service calls it. */
  plain: string;
}

const isTwinOfParked = ({ place, name }: Column, columns: readonly Column[]): boolean =>
  columns.some((other) => other.place === place && other.plain === name && /^eb\d+_parked_/.test(other.name));

/** Where ids of other rows are kept, and whose; `field` inside JSON arrays of objects. */
const references: readonly { table: string; column: string; refers: string; field?: string }[] = [
  { table: "users", column: "customer_id", refers: "customers" },
  { table: "customers", column: "user_id", refers: "users" },
  { table: "subscriptions", column: "customer_id", refers: "customers" },
  { table: "subscriptions", column: "product_id", refers: "products" },
  { table: "orders", column: "customer_id", refers: "customers" },
  { table: "orders", column: "placed_by", refers: "users" },
  { table: "orders", column: "subscription_id", refers: "subscriptions" },
  { table: "orders", column: "items", field: "product_id", refers: "products" },
  { table: "delivery_statuses", column: "customer_id", refers: "customers" },
  { table: "delivery_statuses", column: "delivered_by", refers: "users" },
  { table: "delivery_statuses", column: "order_id", refers: "orders" },
  { table: "delivery_statuses", column: "confirmed_by_user_id", refers: "users" },
  { table: "delivery_statuses", column: "items", field: "product_id", refers: "products" },
  { table: "billing_records", column: "customer_id", refers: "customers" },
  { table: "billing_records", column: "order_id", refers: "orders" },
  { table: "bill_lines", column: "bill_id", refers: "billing_records" },
  { table: "bill_lines", column: "order_id", refers: "orders" },
  { table: "deliveries_to_bill", column: "order_id", refers: "orders" },
  { table: "shared_links", column: "customer_id", refers: "customers" },
  { table: "refused_confirmations", column: "order_id", refers: "orders" },
  { table: "parked_22_orders", column: "key", refers: "orders" },
];

/**
 * Every value, visible or parked, in whichever schema, that refers to nothing. What somebody writes under the
 * name of a column that is parked is not looked at: yesterday it had no foreign key either.
 */
export const findOrphans = async (pool: pg.Pool): Promise<unknown[]> => {
  const { rows: columns } = await pool.query<Column>(
    `select a.attrelid::regclass::text as place, c.relname as table, quote_ident(a.attname) as name,
       regexp_replace(a.attname, '^eb[0-9]+_(parked|empty)_', '') as plain
     from pg_attribute a join pg_class c on c.oid = a.attrelid
     where c.relkind = 'r' and c.relnamespace::regnamespace::text in ('public', 'earlybird', 'earlybird_parked')
       and a.attnum > 0 and not a.attisdropped`,
  );
  const queries = references.flatMap(({ table, column, refers, field }) =>
    columns
      .filter((found) => found.table === table && found.plain === column && !isTwinOfParked(found, columns))
      .map(({ place, name }) => {
        const values = field
          ? `select item ->> '${field}' as value from ${place}, jsonb_array_elements(${name}) item`
          : `select ${name} as value from ${place}`;
        return `select '${place}.${name}' as place, value from (${values}) held
          where value is not null and not exists (select from ${refers} r where r.id = value)`;
      }),
  );
  const { rows } = await pool.query(queries.join(" union all "));
  return rows;
};
