import type pg from "pg";

/** Values under `<step> <table>.<column> <key>`. */
export type ValuesByPlace = ReadonlyMap<string, string>;

interface Twin {
  table: string;
  column: string;
  /** The name that the service uses. */
  visible: string;
  step: string;
}

/** Columns that stand aside: with the values of steps that are away, or empty, for steps that are applied. */
const twins = async (pool: pg.Pool, which: "parked" | "empty"): Promise<Twin[]> => {
  const { rows } = await pool.query<Twin>(
    `select attrelid::regclass::text as table, attname as column, substring(attname from '^eb([0-9]+)_') as step,
       regexp_replace(attname, '^eb[0-9]+_[a-z]+_', '') as visible
     from pg_attribute join pg_class c on c.oid = attrelid and c.relkind = 'r'
     where attname like 'eb%' and attname ~ ('^eb[0-9]+_' || $1 || '_') and not attisdropped`,
    [which],
  );
  return rows;
};

const collect = async (pool: pg.Pool, queries: readonly string[]): Promise<ValuesByPlace> => {
  if (queries.length === 0) return new Map();
  const { rows } = await pool.query<{ key: string; value: string }>(queries.join(" union all "));
  return new Map(rows.map(({ key, value }) => [key, value]));
};

const valuesOf = ({ table, step }: Twin, column: string) =>
  `select '${step} ${table}.${column} ' || id as key, ${column}::text as value from ${table} where ${column} is not null`;

/** What is parked, in whichever way: it must stay until it is wanted again. */
export const readParked = async (pool: pg.Pool): Promise<ValuesByPlace> => {
  const columns = await twins(pool, "parked");
  const { rows: moved } = await pool.query(
    "select to_regclass('earlybird_parked.refused_confirmations') is not null as away",
  );
  return collect(pool, [
    ...columns.map((twin) => valuesOf(twin, twin.column)),
    `select '22 orders.status ' || key as key, before_status || ' ' || after_status as value
       from earlybird.parked_22_orders`,
    ...(moved[0].away
      ? [
          "select '27 refused ' || id, order_id || ' ' || delivery_date from earlybird_parked.refused_confirmations",
        ]
      : []),
  ]);
};

/** What the service sees in these columns: of steps that are away (`parked`), or of those that are not. */
export const readVisible = async (pool: pg.Pool, which: "parked" | "empty"): Promise<ValuesByPlace> =>
  collect(
    pool,
    (await twins(pool, which)).map((twin) => valuesOf(twin, twin.visible)),
  );

/** Values in the twins of steps that are applied: nobody will look for them there. */
export const leftInTwins = async (pool: pg.Pool): Promise<string[]> => [
  ...(
    await collect(
      pool,
      (await twins(pool, "empty")).map((twin) => valuesOf(twin, twin.column)),
    )
  ).keys(),
];
