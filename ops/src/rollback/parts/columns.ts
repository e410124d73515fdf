import { type RawBuilder, sql } from "kysely";
import type { Check, Database, Parked, Part, StepState } from "../change/change.ts";
import { oidOf } from "../database/table-names.ts";
import { columnCautions, columnFindings } from "./column-checks.ts";
import { keepWrittenMeanwhile } from "./column-conflicts.ts";
import { columnTypes } from "./column-dependencies.ts";
import { grantsMoved } from "./column-grants.ts";
import { type ColumnNames, columnNames } from "./column-names.ts";
import { type ColumnSpec, referenceOf } from "./column-spec.ts";
import { inertPart } from "./inert-part.ts";

export interface ColumnsOptions {
  /**
   * Says that each subscriber of a publication of this table has all three names of each column already. Without it, a
   * published table is refused: logical replication stops at a column that a subscriber does not have.
   */
  subscribersPrepared?: boolean;
}

/**
 * Columns that a change adds to a table.
 *
 * Rolling back swaps each with its empty twin, two renames that take the same time at ten rows and at ten
 * million: nothing is copied, foreign keys and indexes follow the physical column. Re-applying swaps back;
 * values written to the twin are kept, and the displaced ones are listed with the operation.
 * The twin is created once and reused, so that round trips use up no attribute numbers.
 */
export const columns = (
  table: string,
  specs: Record<string, ColumnSpec>,
  { subscribersPrepared = false }: ColumnsOptions = {},
): Part => {
  const declared = Object.entries(specs);
  const names = (step: number) => declared.map(([column]) => columnNames(step, column));

  return {
    ...inertPart,
    kind: "columns",
    describe: {
      rollback: `Replaces ${inWords(table, specs)} by an empty twin of the same name, in constant time. The values are parked, with their foreign keys and indexes.`,
      reapply:
        "Restores the parked values, in constant time. Values written since the rollback are kept, and the displaced ones are listed.",
    },
    locks: [table],
    writes: [table],
    journals: [table],

    async apply(db, step) {
      for (const [column, { type, references }] of declared) {
        const twin = columnNames(step, column).empty;
        await sql`alter table ${sql.table(table)}
          add column if not exists ${sql.id(column)} ${sql.raw(type)} ${foreignKey(references)},
          add column if not exists ${sql.id(twin)} ${sql.raw(type)}`.execute(db);
        await sql`comment on column ${sql.ref(`${table}.${twin}`)} is
          ${sql.lit(`Takes the place of ${column} while step ${step} is rolled back.`)}`.execute(db);
      }
    },

    async swap({ db, step, direction }) {
      const there = await columnTypes(db, table);
      const statements: RawBuilder<unknown>[] = [];
      for (const { visible, empty, parked } of names(step)) {
        const [away, back] = direction === "rollback" ? [parked, empty] : [empty, parked];
        if (there.has(away)) continue;
        statements.push(...(await grantsMoved(db, table, { from: visible, to: back })));
        statements.push(rename(table, visible, away), rename(table, back, visible));
      }
      // In one message: each one more would keep readers waiting for another round trip.
      if (statements.length > 0) await sql.join(statements, sql`; `).execute(db);
    },

    async settle(context) {
      if (context.direction === "rollback" || !context.writtenMeanwhile.has(table)) return [];
      return keepWrittenMeanwhile(context, { table, specs });
    },

    async count(db, step, direction) {
      const holding = names(step).map(({ visible, parked }) => (direction === "rollback" ? visible : parked));
      const filled = sql.join(
        holding.map((column) => sql`${sql.id(column)} is not null`),
        sql` or `,
      );
      const { rows } = await sql<{ rows: number }>`
        select count(*) as rows from ${sql.table(table)} where ${filled}`.execute(db);
      return [
        { table, action: direction === "rollback" ? "parked" : "restored", rows: Number(rows[0]?.rows) },
      ];
    },

    findings: (db, step, state) =>
      columnFindings(db, { table, names: names(step), state, subscribersPrepared }),

    cautions: async (db, step, state) => (state === undefined ? [] : columnCautions(db, table, names(step))),

    check: (db, step, state) => checkColumns(db, state, table, names(step)),

    estimate: (db, step, direction) =>
      estimateFilled(
        db,
        table,
        names(step).map(({ visible, parked }) => (direction === "rollback" ? visible : parked)),
      ),

    copies: async (_db, step) =>
      declared.flatMap(([column, { references }]) => {
        const of = referenceOf(references);
        return of.table
          ? Object.values(columnNames(step, column)).map((name) => ({ table, column: name, of }))
          : [];
      }),

    async parked(db, step) {
      const parked: Parked[] = [];
      for (const name of names(step)) {
        const column = sql.id(name.parked);
        const { rows } = await sql<{ rows: number; bytes: number }>`
          select count(${column}) as rows, coalesce(sum(pg_column_size(${column})), 0)::bigint as bytes
          from ${sql.table(table)}`.execute(db);
        const { rows: count = 0, bytes = 0 } = rows[0] ?? {};
        parked.push({ place: `${table}.${name.visible}`, rows: Number(count), bytes: Number(bytes) });
      }
      return parked;
    },

    async purge(db, step) {
      const parked = names(step).map((name) => sql.id(name.parked));
      const purged =
        await sql`update ${sql.table(table)} set ${sql.join(parked.map((column) => sql`${column} = null`))}
        where ${sql.join(
          parked.map((column) => sql`${column} is not null`),
          sql` or `,
        )}`.execute(db);
      return [{ table, action: "purged", rows: Number(purged.numAffectedRows ?? 0) }];
    },
  };
};

const inWords = (table: string, specs: Record<string, ColumnSpec>): string => {
  const names = Object.keys(specs).map((column) => `\`${column}\``);
  return `${names.length === 1 ? "the column" : "each of the columns"} ${names.join(", ")} of \`${table}\``;
};

/** Rows with a value in any of the columns, by the planner's statistics: the fullest column decides. */
const estimateFilled = async (db: Database, table: string, columns: readonly string[]): Promise<number> => {
  const { rows } = await sql<{ rows: number | null }>`
    select (greatest(c.reltuples, 0) * max(1 - s.null_frac))::bigint as rows
    from pg_class c join pg_namespace n on n.oid = c.relnamespace
    left join pg_stats s on s.schemaname = n.nspname and s.tablename = c.relname and s.attname = any(${columns})
    where c.oid = ${oidOf(table)} group by c.reltuples`.execute(db);
  return Number(rows[0]?.rows ?? 0);
};

const foreignKey = (references: string | undefined) => {
  if (!references) return sql``;
  const { table, column } = referenceOf(references);
  return sql`references ${sql.table(table)} (${sql.id(column)}) on delete set null`;
};

const rename = (table: string, from: string, to: string): RawBuilder<unknown> =>
  sql`alter table ${sql.table(table)} rename column ${sql.id(from)} to ${sql.id(to)}`;

const checkColumns = async (
  db: Database,
  state: StepState,
  table: string,
  names: ColumnNames[],
): Promise<Check[]> => {
  const checks: Check[] = [];
  const there = await columnTypes(db, table);
  for (const { visible, parked, empty } of names) {
    const twin = state === "applied" ? empty : parked;
    const ok = there.has(visible) && there.has(twin);
    const detail = ok ? `beside its twin ${twin}` : `${visible} or its twin ${twin} is missing`;
    checks.push({ name: `column ${table}.${visible} is as declared`, ok, detail });
  }
  return checks;
};
