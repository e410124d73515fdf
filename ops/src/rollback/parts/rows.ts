import { type RawBuilder, sql } from "kysely";
import type { Part, PartContext, RowCount } from "../change/change.ts";
import { blocks } from "../change/finding.ts";
import { plannedRows } from "../database/explain-query.ts";
import { isRowOf, keyColumns, keyNames, keyText, primaryKeyOf } from "../database/primary-key.ts";
import { cutToLimit } from "../database/table-names.ts";
import { removedSince, writtenSince } from "../database/write-journal.ts";
import { castsOf, columnTypes } from "./column-dependencies.ts";
import { refuseConflicts } from "./conflicts.ts";
import { identityOf } from "./identity-columns.ts";
import { inertPart } from "./inert-part.ts";

/** True for every row, and counts it for the progress report; see `reportProgress`. */
const counted = sql`nextval('earlybird.rows_done') is not null`;

type Assignments = Record<string, RawBuilder<unknown>>;

export interface RowsSpec {
  /** The rows, called `this`, that the change has turned. */
  turned: RawBuilder<unknown>;
  /** What their columns return to when it is rolled back. */
  undo: Assignments;
  /** What should have been turned while the change was away, given the rows of the tables `journals` written then. */
  missed: {
    journals: readonly string[];
    rows: (...written: RawBuilder<unknown>[]) => RawBuilder<unknown>;
    set: Assignments;
  };
}

/**
 * Rows that a change has turned from one state into another. Rolling back returns exactly these and parks
 * their values in the same statement. Re-applying turns back those that were not edited since; an edited row is kept, and
 * its parked values are recorded with the operation. The next rollback leaves such a row unchanged if it still has the
 * edited values.
 */
export const rows = (table: string, spec: RowsSpec): Part => {
  const columns = Object.keys(spec.undo);
  const before = (column: string) => sql.id(`before_${column}`);
  const after = (column: string) => sql.id(`after_${column}`);
  const parkedName = (step: number) => cutToLimit(`parked_${step}_${table}`);
  const parkedTable = (step: number) => sql.id("earlybird", parkedName(step));
  const list = (parts: RawBuilder<unknown>[]) => sql.join(parts, sql`, `);
  const each = (make: (column: string) => RawBuilder<unknown>) => list(columns.map(make));
  const image = (of: (column: string) => RawBuilder<unknown>) =>
    sql`json_build_object(${each((column) => sql`${column}::text, ${of(column)}`)})`;

  const park = async ({ db, step }: PartContext): Promise<RowCount[]> => {
    const key = await primaryKeyOf(db, table);
    // A bare null or literal has no type of its own, and json or xml take none that is not theirs.
    const typed = await castsOf(db, table);
    const keptBefore = sql`exists (select from earlybird.kept_values k
      where k.step = ${step} and k.relation = ${table} and k.outcome = 'kept'
        and k.key = ${keyText(
          "this",
          key.map(({ name }) => name),
        )}
        and k.written::text = ${image((column) => sql`this.${sql.id(column)}`)}::text)`;
    const changed = await sql`
      with turned as (
        select ${keyColumns(key, "this")},
          ${each((column) => sql`this.${sql.id(column)} as ${before(column)}, ${typed(column, spec.undo[column] ?? sql`null`)} as ${after(column)}`)}
        from ${sql.table(table)} as this where (${spec.turned}) and not ${keptBefore}
      ),
      parked as (insert into ${parkedTable(step)} select * from turned)
      update ${sql.table(table)} t set ${each((column) => sql`${sql.id(column)} = turned.${after(column)}`)}
      from turned where ${isRowOf(key, "t", "turned")} and ${counted}`.execute(db);
    return [{ table, action: "returned", rows: Number(changed.numAffectedRows ?? 0) }];
  };

  const restore = async (context: PartContext): Promise<RowCount[]> => {
    const { db, step, operation, onConflict, journalFrom } = context;
    const key = await primaryKeyOf(db, table);
    const identity = await identityOf(db, table, columns);
    const untouched = sql.join(
      columns.map(
        (column) =>
          sql`${identity(column, sql`t.${sql.id(column)}`)} is not distinct from ${identity(column, sql`p.${after(column)}`)}`,
      ),
      sql` and `,
    );
    // A row that was deleted and inserted again is not the one that was parked.
    const gone = removedSince(table, keyText("p", keyNames(key)), journalFrom);
    const edited = onConflict === "restore" ? "restored" : "kept";
    const { rows: conflicts } = await sql<{ outcome: string; rows: number }>`
      with recorded as (
        insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
        select ${operation}::bigint, ${step}, ${table}, ${keyText("p", keyNames(key))},
          case when t.earlybird_there is null or ${gone} then 'deleted' else ${edited} end,
          case when t.earlybird_there then ${image((column) => sql`t.${sql.id(column)}`)} end,
          ${image((column) => sql`p.${before(column)}`)}
        from ${parkedTable(step)} p
        left join (select true as earlybird_there, this.* from ${sql.table(table)} this) t on ${isRowOf(key, "t", "p")}
        where t.earlybird_there is null or ${gone} or not (${untouched})
        returning outcome
      )
      select outcome, count(*) as rows from recorded group by outcome`.execute(db);
    const edits = conflicts.filter(({ outcome }) => outcome === edited);
    refuseConflicts(onConflict, {
      step,
      table,
      count: edits.reduce((sum, { rows }) => sum + Number(rows), 0),
    });
    const restored = await sql`
      update ${sql.table(table)} t set ${each((column) => sql`${sql.id(column)} = p.${before(column)}`)}
      from ${parkedTable(step)} p
      where ${isRowOf(key, "t", "p")} and not ${gone}
        and ${onConflict === "restore" ? sql`true` : untouched} and ${counted}`.execute(db);
    await sql`truncate ${parkedTable(step)}`.execute(db);
    return [
      { table, action: "restored", rows: Number(restored.numAffectedRows ?? 0) },
      ...conflicts
        .filter(({ outcome }) => outcome !== "restored")
        .map(({ outcome, rows }) => ({ table, action: outcome, rows: Number(rows) })),
    ];
  };

  return {
    ...inertPart,
    kind: "rows",
    describe: {
      rollback: `Exactly the rows of \`${table}\` that the change turned, and that still are as it turned them, return to the ${columns.map((column) => `\`${column}\``).join(", ")} they had. What they are now is parked in the same statement.`,
      reapply:
        "Turns these rows again. Rows edited since the rollback are kept and listed; rows that the change would have turned are turned now.",
    },
    writes: [table],
    journals: [...new Set([table, ...spec.missed.journals])],
    async apply(db, step) {
      const key = await primaryKeyOf(db, table);
      await sql`create table if not exists ${parkedTable(step)} as
        select ${keyColumns(key, "this")}, ${each((column) => sql`${sql.id(column)} as ${before(column)}, ${sql.id(column)} as ${after(column)}`)}
        from ${sql.table(table)} this with no data`.execute(db);
    },
    async findings(db) {
      const there = await columnTypes(db, table);
      return columns
        .filter((column) => there.size > 0 && !there.has(column))
        .map((column) =>
          blocks(
            "column-missing",
            `Column ${table}.${column} is missing`,
            "create it, or correct the change",
          ),
        );
    },
    async estimate(db, step, direction) {
      const concerned =
        direction === "rollback"
          ? sql`select from ${sql.table(table)} as this where ${spec.turned}`
          : sql`select from ${parkedTable(step)}`;
      return plannedRows(db, concerned);
    },
    async copies(db, step) {
      const key = await primaryKeyOf(db, table);
      const parked = `earlybird.${parkedName(step)}`;
      return [
        ...keyNames(key).map((column, at) => ({
          table: parked,
          column,
          of: { table, column: key[at]?.name ?? "" },
        })),
        ...columns.flatMap((column) =>
          [`before_${column}`, `after_${column}`].map((copy) => ({
            table: parked,
            column: copy,
            of: { table, column },
          })),
        ),
      ];
    },
    async parked(db, step) {
      const { rows } = await sql<{ rows: number; bytes: number }>`
        select count(*) as rows, coalesce(sum(pg_column_size(p.*)), 0)::bigint as bytes from ${parkedTable(step)} p`.execute(
        db,
      );
      return [{ place: table, rows: Number(rows[0]?.rows ?? 0), bytes: Number(rows[0]?.bytes ?? 0) }];
    },
    async purge(db, step) {
      const purged = await sql`delete from ${parkedTable(step)}`.execute(db);
      return [{ table, action: "purged", rows: Number(purged.numAffectedRows ?? 0) }];
    },
    prepare: (context) => (context.direction === "rollback" ? park(context) : restore(context)),
    async settle({ db, direction, journalFrom, writtenMeanwhile }) {
      const { journals, rows, set } = spec.missed;
      if (direction === "rollback" || !journals.some((journalled) => writtenMeanwhile.has(journalled)))
        return [];
      const written: RawBuilder<unknown>[] = [];
      for (const journal of journals) written.push(await writtenSince(db, journal, journalFrom));
      const turned = await sql`
        update ${sql.table(table)} as this
        set ${list(Object.entries(set).map(([column, value]) => sql`${sql.id(column)} = ${value}`))}
        where ${rows(...written)}`.execute(db);
      const count = Number(turned.numAffectedRows ?? 0);
      return count > 0 ? [{ table, action: "filled", rows: count }] : [];
    },
  };
};
