import type pg from "pg";

/** What is parked, by its step and place: it must stay until it is wanted again. */
export type ParkedValues = Map<string, string>;

/** Values under `<step> <place> <key>`. */
export const readParked = async (pool: pg.Pool): Promise<ParkedValues> => {
  const { rows: columns } = await pool.query<{ table: string; column: string; step: string }>(
    `select table_name as table, column_name as column, substring(column_name from '^eb([0-9]+)_') as step
     from information_schema.columns where table_schema = 'public' and column_name ~ '^eb[0-9]+_parked_'`,
  );
  const { rows: moved } = await pool.query(
    "select to_regclass('earlybird_parked.refused_confirmations') is not null as away",
  );
  const queries = [
    ...columns.map(
      ({ table, column, step }) =>
        `select '${step} ${table}.${column} ' || id as key, ${column}::text as value from ${table} where ${column} is not null`,
    ),
    "select '22 orders.status ' || key, before_status || ' ' || after_status from earlybird.parked_22_orders",
    ...(moved[0].away
      ? [
          "select '27 refused ' || id, order_id || ' ' || delivery_date from earlybird_parked.refused_confirmations",
        ]
      : []),
  ];
  const { rows } = await pool.query(queries.join(" union all "));
  return new Map(rows.map(({ key, value }) => [key, value]));
};
