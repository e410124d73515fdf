import { type RawBuilder, sql } from "kysely";
import type { Database, Part, PartContext, RowCount } from "../change/change.ts";
import { oidsOf } from "../database/table-names.ts";
import { identifierFindings } from "./id-checks.ts";
import { beginningWith, completeMap, createMap, mapOf, sameId } from "./id-maps.ts";
import { createNumbers, newStyleId, oldStyleId } from "./id-numbers.ts";
import { identifierPlaces, tablesWithIds } from "./id-references.ts";
import { rewriteIdentifiers } from "./id-rewrite.ts";
import type { EmbeddedIdentifier, IdentifierStyle } from "./id-style.ts";
import { inertPart } from "./inert-part.ts";

/** The part, and what the service needs of it. */
export interface Identifiers extends Part {
  /** An SQL expression for a new id of `table`, in the style that is on. */
  next(table: string, style: "now" | "before"): RawBuilder<string>;
  /**
   * The current ids of rows that are asked for by an id of the other style. Ids that are current already,
   * or unknown, are not in the answer.
   */
  resolve(db: Database, ids: readonly string[]): Promise<Map<string, string>>;
  /** Every id, of either style, of the row of `table` with this id: a subquery of one column. */
  eitherStyle(table: string, id: RawBuilder<unknown>): RawBuilder<unknown>;
  /** For a change that is applied before this one and asks by {@link eitherStyle}: makes what that reads. */
  readonly maps: Part;
}

/**
 * Ids rewritten from one style into another, in keys and in every reference to them: foreign keys live and
 * parked, twins, parked rows, JSON. Rolling back gives each row its original id, or the next number of the
 * old style; re-applying returns the new ids exactly. An id of either style keeps resolving.
 */
export const identifiers = (
  styles: Readonly<Record<string, IdentifierStyle>>,
  { embedded = [] }: { embedded?: readonly EmbeddedIdentifier[] } = {},
): Identifiers => {
  const tables = Object.keys(styles);
  const styleOf = (table: string): IdentifierStyle => {
    const style = styles[table];
    if (!style) throw new Error(`${table} has no identifiers in this part`);
    return style;
  };
  const next = (table: string, style: "now" | "before") =>
    style === "now" ? newStyleId(styleOf(table)) : oldStyleId(styleOf(table), table);

  const rewrite = async (context: PartContext): Promise<RowCount[]> => {
    const { db, direction, changes } = context;
    const places = await identifierPlaces(db, { tables, embedded, changes });
    // The step holds these locks already, unless a foreign key was added at the last moment.
    const held = [...new Set(places.map(({ table }) => table))].sort();
    await sql`lock table ${sql.join(held.map((table) => sql.table(table)))} in share row exclusive mode`.execute(
      db,
    );
    // Maps are sorted, indexed and joined in memory up to some millions of rows.
    await sql`set local work_mem = '256MB'`.execute(db);
    await sql`set local maintenance_work_mem = '256MB'`.execute(db);
    const complete = new Set<string>();
    for (const table of tables) {
      if (await completeMap(db, { table, style: styleOf(table), direction })) complete.add(table);
    }
    return rewriteIdentifiers(context, places, complete);
  };

  const createMaps = async (db: Database): Promise<void> => {
    for (const table of tables) await createMap(db, table);
  };

  return {
    ...inertPart,
    kind: "identifiers",
    describe: {
      rollback: `Every row of ${tables.map((table) => `\`${table}\``).join(", ")} gets its id of the old style again, or the next number where it never had one. Every reference follows: live, parked, in JSON. Ids of either style keep resolving.`,
      reapply:
        "Restores the id of the new style of every row; rows inserted since the rollback get a new one. All references are rewritten.",
    },
    writes: tables,
    writesAlso: (db) => tablesWithIds(db, tables, embedded),
    findings: (db) => identifierFindings(db, tables, embedded),
    next,
    maps: { ...inertPart, kind: "identifier maps", apply: createMaps },

    async apply(db, step, changes) {
      await createMaps(db);
      for (const table of tables) await createNumbers(db, table);
      await rewrite({
        db,
        step,
        changes,
        direction: "reapply",
        operation: "",
        journalFrom: 0,
        writtenMeanwhile: new Set(),
        onConflict: "keep",
        rehearsal: false,
      });
    },

    prepare: rewrite,

    async resolve(db, ids) {
      const resolved = new Map<string, string>();
      for (const [table, { before, now }] of Object.entries(styles)) {
        const asked = ids.filter((id) => id.startsWith(before) || id.startsWith(now));
        if (asked.length === 0) continue;
        const { rows } = await sql<{ asked: string; current: string }>`
          select m.new_id as asked, m.old_id as current from ${mapOf(table)} m
            where m.new_id = any(${asked}) and exists (select from ${sql.table(table)} t where ${sameId(sql`m.old_id`, sql`t.id`)})
          union all
          select m.old_id, m.new_id from ${mapOf(table)} m
            where m.old_id = any(${asked}) and exists (select from ${sql.table(table)} t where ${sameId(sql`m.new_id`, sql`t.id`)})`.execute(
          db,
        );
        for (const row of rows) resolved.set(row.asked, row.current);
      }
      return resolved;
    },

    eitherStyle: (table, id) => sql`(
      select ${id} union select new_id from ${mapOf(table)} where ${sameId(sql`old_id`, id)}
      union select old_id from ${mapOf(table)} where ${sameId(sql`new_id`, id)})`,

    async estimate(db) {
      const { rows } = await sql<{ rows: number }>`
        select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class
        where oid in ${oidsOf(tables)}`.execute(db);
      return Number(rows[0]?.rows ?? 0);
    },

    async check(db, _step, state) {
      const checks = [];
      for (const table of tables) {
        const { before, now } = styleOf(table);
        const wrong = beginningWith(state === "applied" ? before : now);
        const { rows } = await sql<{
          count: number;
        }>`select count(*) as count from ${sql.table(table)} where id like ${wrong}`.execute(db);
        const count = Number(rows[0]?.count ?? 0);
        const style = state === "applied" ? now : before;
        checks.push({
          name: `ids of ${table} begin with ${style}`,
          ok: count === 0,
          detail: count === 0 ? "none of the other style" : `${count} of the other style`,
        });
      }
      return checks;
    },
  };
};
