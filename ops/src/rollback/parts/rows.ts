import { type RawBuilder, sql } from "kysely";
import { refuseConflicts } from "../conflicts.ts";
import { type Journalled, writtenSince } from "../journal.ts";
import { plannedRows } from "../planner.ts";
import { inertPart, type Part, type PartContext, type RowCount } from "./part.ts";

/** True of every row, and counts it for whoever watches; see `reportProgress`. */
const counted = sql`nextval('earlybird.rows_done') is not null`;

type Assignments = Record<string, RawBuilder<unknown>>;

export interface RowsSpec {
  /** The rows, called `this`, that the change has turned. */
  turned: RawBuilder<unknown>;
  /** What their columns return to when it is rolled back. */
  undo: Assignments;
  /** What should have been turned while the change was away, given the written rows of `journals`. */
  missed: {
    journals: readonly Journalled[];
    rows: (...written: RawBuilder<unknown>[]) => RawBuilder<unknown>;
    set: Assignments;
  };
  /** The primary key column of the table. */
  key?: string;
}

/**
 * Rows that a change has turned from one state into another. Rolling back returns exactly these and parks
 * what they were in the same statement. Re-applying turns back those nobody has touched since; an edited row
 * is kept as it is, and what was parked for it is recorded with the operation.
 */
export const rows = (table: string, spec: RowsSpec): Part => {
  const key = spec.key ?? "id";
  const columns = Object.keys(spec.undo);
  const before = (column: string) => sql.id(`before_${column}`);
  const after = (column: string) => sql.id(`after_${column}`);
  const parkedTable = (step: number) => sql.id("earlybird", `parked_${step}_${table}`);
  const list = (parts: RawBuilder<unknown>[]) => sql.join(parts, sql`, `);
  const each = (make: (column: string) => RawBuilder<unknown>) => list(columns.map(make));
  const untouched = sql.join(
    columns.map((column) => sql`t.${sql.id(column)} is not distinct from p.${after(column)}`),
    sql` and `,
  );

  const park = async ({ db, step }: PartContext): Promise<RowCount[]> => {
    const changed = await sql`
      with turned as (
        select this.${sql.id(key)} as key,
          ${each((column) => sql`this.${sql.id(column)} as ${before(column)}, ${spec.undo[column]} as ${after(column)}`)}
        from ${sql.table(table)} as this where ${spec.turned}
      ),
      parked as (insert into ${parkedTable(step)} select * from turned)
      update ${sql.table(table)} t set ${each((column) => sql`${sql.id(column)} = turned.${after(column)}`)}
      from turned where t.${sql.id(key)} = turned.key and ${counted}`.execute(db);
    return [{ table, action: "returned", rows: Number(changed.numAffectedRows ?? 0) }];
  };

  const restore = async (context: PartContext): Promise<RowCount[]> => {
    const { db, step, operation, onConflict } = context;
    const image = (of: (column: string) => RawBuilder<unknown>) =>
      sql`jsonb_build_object(${each((column) => sql`${column}::text, ${of(column)}`)})`;
    const edited = onConflict === "restore" ? "restored" : "kept";
    const { rows: conflicts } = await sql<{ outcome: string; rows: number }>`
      with recorded as (
        insert into earlybird.kept_values (operation_id, step, relation, key, outcome, written, parked)
        select ${operation}::bigint, ${step}, ${table}, p.key::text,
          case when t.${sql.id(key)} is null then 'deleted' else ${edited} end,
          case when t.${sql.id(key)} is not null then ${image((column) => sql`t.${sql.id(column)}`)} end,
          ${image((column) => sql`p.${before(column)}`)}
        from ${parkedTable(step)} p left join ${sql.table(table)} t on t.${sql.id(key)} = p.key
        where t.${sql.id(key)} is null or not (${untouched})
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
      where t.${sql.id(key)} = p.key and ${onConflict === "restore" ? sql`true` : untouched} and ${counted}`.execute(
      db,
    );
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
    says: {
      rollback: `Exactly the rows of \`${table}\` that the change turned, and that still are as it turned them, return to the ${columns.map((column) => `\`${column}\``).join(", ")} they had. What they are now is parked in the same statement.`,
      reapply:
        "Those rows are turned again. One that was edited meanwhile stays as it is and is listed; one that was missed meanwhile is turned now.",
    },
    journals: spec.missed.journals,
    async apply(db, step) {
      await sql`create table if not exists ${parkedTable(step)} as
        select ${sql.id(key)} as key, ${each((column) => sql`${sql.id(column)} as ${before(column)}, ${sql.id(column)} as ${after(column)}`)}
        from ${sql.table(table)} with no data`.execute(db);
    },
    async estimate(db, step, direction) {
      const concerned =
        direction === "rollback"
          ? sql`select from ${sql.table(table)} as this where ${spec.turned}`
          : sql`select from ${parkedTable(step)}`;
      return plannedRows(db, concerned);
    },
    holdsIds: (step) =>
      key === "id" ? [{ table: `earlybird.parked_${step}_${table}`, column: "key", refers: table }] : [],
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
      if (direction === "rollback" || !journals.some(({ table }) => writtenMeanwhile.has(table))) return [];
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
