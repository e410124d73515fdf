import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change.ts";
import { embeddedPlaces, identifierPlaces } from "./identifier-places.ts";
import { rewriteIdentifiers } from "./identifier-rewrite.ts";
import { inertPart, type Part, type PartContext, type RowCount } from "./part.ts";

/** How the ids of one table look before and after the change; `id` is the key column. */
export interface IdentifierStyle {
  /** The prefix of the old style; a number of at least six digits follows: `order-` for `order-001042`. */
  before: string;
  /** The prefix of the new style; a UUID v7 follows. */
  now: string;
}

/** Ids inside a JSON array of objects, which no foreign key tells of. */
export interface EmbeddedIdentifier {
  table: string;
  column: string;
  field: string;
  refers: string;
}

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
    style === "now" ? newStyleId(styleOf(table).now) : oldStyleId(styleOf(table).before, table);

  /**
   * Gives every row that has none its id of the other style.
   *
   * @returns whether now each row has a way to go: one that was born with an id of the new style has none
   */
  const completeMap = async (
    db: Database,
    table: string,
    direction: "rollback" | "reapply",
  ): Promise<boolean> => {
    const [current, other] =
      direction === "rollback" ? (["new_id", "old_id"] as const) : (["old_id", "new_id"] as const);
    const { rows } = await sql`select from ${mapOf(table)} limit 1`.execute(db);
    const first = rows.length === 0;
    // Built in bulk, the indexes cost a fraction of what maintaining them row by row does.
    if (first) await dropMapIndexes(db, table);
    const alreadyNew = sql`t.id like ${`${styleOf(table).now.replaceAll("_", "\\_")}%`}`;
    await sql`
      insert into ${mapOf(table)} (${sql.id(current)}, ${sql.id(other)})
      select born.id, ${next(table, direction === "rollback" ? "before" : "now")} from (
        select t.id from ${sql.table(table)} t
        where ${direction === "rollback" ? sql`true` : sql`not ${alreadyNew}`}
          and not exists (select from ${mapOf(table)} m where m.${sql.id(current)} = t.id)
        order by t.id) as born`.execute(db);
    if (first) await createMapIndexes(db, table);
    await sql`analyze ${mapOf(table)}`.execute(db);
    if (direction === "rollback") return true;
    const { rows: stay } = await sql`select from ${sql.table(table)} t where ${alreadyNew} limit 1`.execute(
      db,
    );
    return stay.length === 0;
  };

  const rewrite = async (context: PartContext): Promise<RowCount[]> => {
    const { db, direction } = context;
    // Against whoever writes past the service; readers are let through.
    await sql`lock table ${sql.join(tables.map((table) => sql.table(table)))} in share row exclusive mode`.execute(
      db,
    );
    // Maps are sorted, indexed and joined in memory up to some millions of rows.
    await sql`set local work_mem = '256MB'`.execute(db);
    await sql`set local maintenance_work_mem = '256MB'`.execute(db);
    const complete = new Set<string>();
    for (const table of tables) if (await completeMap(db, table, direction)) complete.add(table);
    const places = [
      ...(await identifierPlaces(db, tables, context.changes)),
      ...(await embeddedPlaces(db, embedded)),
    ];
    return rewriteIdentifiers(context, places, complete);
  };

  const createMaps = async (db: Database): Promise<void> => {
    for (const table of tables) {
      await sql`create table if not exists ${mapOf(table)} (new_id text not null, old_id text not null)`.execute(
        db,
      );
      await createMapIndexes(db, table);
    }
  };

  return {
    ...inertPart,
    kind: "identifiers",
    says: {
      rollback: `Every row of ${tables.map((table) => `\`${table}\``).join(", ")} gets its id of the old style again, or the next number where it never had one. Every reference follows: live, parked, in JSON. Ids of either style keep resolving.`,
      reapply:
        "Every row gets its id of the new style again, exactly; what was born meanwhile gets a first one. Every reference follows.",
    },
    next,
    maps: { ...inertPart, kind: "identifier maps", apply: createMaps },

    async apply(db, step, changes) {
      await createMaps(db);
      for (const table of tables) {
        await sql`create sequence if not exists ${numbersOf(table)}`.execute(db);
        await sql`select setval(${`earlybird.${numbersName(table)}`}, greatest(1, max(substring(id from ${`^${styleOf(table).before}(\\d+)$`})::bigint)), max(substring(id from ${`^${styleOf(table).before}(\\d+)$`})) is not null)
          from ${sql.table(table)}`.execute(db);
      }
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
            where m.new_id = any(${asked}) and exists (select from ${sql.table(table)} t where t.id = m.old_id)
          union all
          select m.old_id, m.new_id from ${mapOf(table)} m
            where m.old_id = any(${asked}) and exists (select from ${sql.table(table)} t where t.id = m.new_id)`.execute(
          db,
        );
        for (const row of rows) resolved.set(row.asked, row.current);
      }
      return resolved;
    },

    eitherStyle: (table, id) => sql`(
      select ${id} union select new_id from ${mapOf(table)} where old_id = ${id}
      union select old_id from ${mapOf(table)} where new_id = ${id})`,

    async estimate(db) {
      const { rows } = await sql<{ rows: number }>`
        select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class
        where oid = any(${tables}::regclass[])`.execute(db);
      return Number(rows[0]?.rows ?? 0);
    },

    async check(db, _step, state) {
      const checks = [];
      for (const table of tables) {
        const { before, now } = styleOf(table);
        const wrong = state === "applied" ? `${before}%` : `${now.replaceAll("_", "\\_")}%`;
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

const mapOf = (table: string) => sql.id("earlybird", `ids_${table}`);
const numbersName = (table: string) => `numbers_${table}`;
const numbersOf = (table: string) => sql.id("earlybird", numbersName(table));

const mapIndexes = (table: string) =>
  (["new_id", "old_id"] as const).map((column) => ({ column, name: `ids_${table}_${column}` }));

const createMapIndexes = async (db: Database, table: string): Promise<void> => {
  for (const { column, name } of mapIndexes(table)) {
    await sql`create unique index if not exists ${sql.id(name)} on ${mapOf(table)} (${sql.id(column)})`.execute(
      db,
    );
  }
};

const dropMapIndexes = async (db: Database, table: string): Promise<void> => {
  for (const { name } of mapIndexes(table))
    await sql`drop index if exists ${sql.id("earlybird", name)}`.execute(db);
};

/** At least six digits, more where the number has more. Evaluated for each row, unlike a subquery. */
const oldStyleId = (prefix: string, table: string): RawBuilder<string> => sql<string>`
  ${prefix}::text || to_char(nextval(${`earlybird.${numbersName(table)}`}::text::regclass), 'FM9999999999000000')`;

/**
 * PostgreSQL has a `uuidv7()` only since 18: here the first 48 bits of a random UUID become the time in
 * milliseconds, and bits 52 and 53 turn version 4 into 7 (RFC 9562, section 5.7).
 */
const newStyleId = (prefix: string): RawBuilder<string> => sql<string>`
  ${prefix}::text || encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid::text`;
