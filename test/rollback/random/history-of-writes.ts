import type pg from "pg";

/** The tables of the business and the columns whose values are parked in this or that state. */
export const businessTables = [
  "users",
  "customers",
  "products",
  "subscriptions",
  "orders",
  "delivery_statuses",
  "billing_records",
  "shared_links",
] as const;

const keyOf = (table: string) => (table === "shared_links" ? "token_hash" : "id");

/** Every row of the business by table and key, its parked columns left out. */
export type Snapshot = Map<string, string>;

/** Notes which rows anybody but the engine writes, by a means that is not the engine's own. */
export const noteWrites = async (pool: pg.Pool): Promise<void> => {
  await pool.query(`
    create table written_rows (name text not null, key text not null, primary key (name, key));
    create function note_write() returns trigger language plpgsql as $$
    begin
      insert into written_rows values (tg_table_name, to_jsonb(coalesce(new, old)) ->> tg_argv[0]) on conflict do nothing;
      return null;
    end $$`);
  for (const table of businessTables) {
    await pool.query(`create trigger note_write after insert or update or delete on ${table} for each row
      when (current_setting('earlybird.engine', true) is distinct from 'on') execute function note_write('${keyOf(table)}')`);
  }
};

/** Keys as in a {@link Snapshot} of what was written since {@link noteWrites} or {@link forgetWrites}. */
export const writtenRows = async (pool: pg.Pool): Promise<Set<string>> => {
  const { rows } = await pool.query("select name || ' ' || key as key from written_rows");
  return new Set(rows.map(({ key }) => key));
};

export const forgetWrites = (pool: pg.Pool) => pool.query("delete from written_rows");

export const takeSnapshot = async (pool: pg.Pool): Promise<Snapshot> => {
  const snapshot: Snapshot = new Map();
  for (const table of businessTables) {
    const { rows } = await pool.query(
      `select t.${keyOf(table)} as key, (select jsonb_object_agg(field, value) from jsonb_each(to_jsonb(t)) as f (field, value)
         where field !~ '^eb[0-9]+_')::text as row from ${table} t`,
    );
    for (const { key, row } of rows) snapshot.set(`${table} ${key}`, row);
  }
  return snapshot;
};
