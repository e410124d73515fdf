import { type RawBuilder, sql } from "kysely";
import type { Batches, Database, RowCount } from "../change/change.ts";
import { keyFromText, keyText, keyValue, type PrimaryKey, primaryKeyOf } from "./primary-key.ts";
import { suspendTriggers } from "./service-triggers.ts";

/** Everything at once, in the transaction of `db`. */
export const atOnce =
  (db: Database): Batches =>
  (_table, write) =>
    write(db, sql`true`);

/**
 * Range after range of a table's primary key, each in a transaction that locks its rows first: a writer waits for one
 * batch at most, and no value is computed from a row that changes before it is written.
 *
 * @param attempt runs one batch, again where a lock is not to be had
 */
export const batchesOf =
  (
    session: Database,
    {
      batchRows,
      attempt,
      onBatch,
    }: {
      batchRows: number;
      attempt: (batch: (tx: Database) => Promise<RowCount[]>) => Promise<RowCount[]>;
      onBatch?: (table: string, rows: number) => void;
    },
  ): Batches =>
  async (table, write) => {
    const key = await primaryKeyOf(session, table);
    const sums = new Map<string, RowCount>();
    let last: string | undefined;
    let seen = 0;
    for (;;) {
      const end = await endOfBatch(session, { table, key, last, batchRows });
      if (end === undefined) break;
      const range = rangeOf(key, last, end.key);
      const counts = await attempt(async (tx) => {
        const resumeTriggers = await suspendTriggers(tx, [table]);
        await sql`select from ${sql.table(table)} as this where ${range} for no key update`.execute(tx);
        const written = await write(tx, range);
        await resumeTriggers();
        return written;
      });
      for (const { table: of, action, rows } of counts) {
        const sum = sums.get(`${of} ${action}`);
        sums.set(`${of} ${action}`, { table: of, action, rows: rows + (sum?.rows ?? 0) });
      }
      seen += end.rows;
      onBatch?.(table, seen);
      last = end.key;
    }
    return [...sums.values()];
  };

const names = (key: PrimaryKey) => key.map(({ name }) => name);

const endOfBatch = async (
  db: Database,
  {
    table,
    key,
    last,
    batchRows,
  }: { table: string; key: PrimaryKey; last: string | undefined; batchRows: number },
): Promise<{ key: string; rows: number } | undefined> => {
  const columns = sql.join(names(key).map((name) => sql.ref(`this.${name}`)));
  const { rows } = await sql<{ key: string; rows: number }>`
    select ${keyText("batch", names(key))} as key, batch.rows from (
      select ${columns}, row_number() over (order by ${columns}) as rows from (
        select ${columns} from ${sql.table(table)} as this where ${rangeOf(key, last, undefined)}
        order by ${columns} limit ${batchRows}) this
    ) batch order by batch.rows desc limit 1`.execute(db);
  return rows[0] && { key: rows[0].key, rows: Number(rows[0].rows) };
};

/** Rows `this` with a key above `last`, up to `end`; an absent end is open. */
const rangeOf = (key: PrimaryKey, last: string | undefined, end: string | undefined): RawBuilder<unknown> => {
  const above = last === undefined ? sql`true` : sql`${keyValue(key, "this")} > ${row(key, last)}`;
  return end === undefined ? above : sql`${above} and ${keyValue(key, "this")} <= ${row(key, end)}`;
};

const row = (key: PrimaryKey, text: string): RawBuilder<unknown> => {
  const values = keyFromText(key, sql`${text}::text`);
  return key.length === 1 ? values : sql`(${values})`;
};
