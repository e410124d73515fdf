import { type RawBuilder, sql } from "kysely";
import type { Briefly, Database, DeclaredIndex, IndexColumn } from "../change/change.ts";
import { qualified } from "../change/define-change.ts";
import { cutToLimit, oidOf } from "../database/table-names.ts";

export const declaredIndex = (table: string, columns: readonly IndexColumn[]): DeclaredIndex => ({
  table,
  columns,
  name: cutToLimit(
    [table.replaceAll(".", "_"), ...columns.map((column) => column.replace(" ", "_")), "idx"].join("_"),
  ),
});

/** Makes an index in the transaction of `db`, and keeps that it is the change's own. */
export const createIndex = async (db: Database, step: number, index: DeclaredIndex): Promise<void> => {
  await claim(db, step, index);
  await sql`create index ${declaration(index)}`.execute(db);
};

/** What the catalog and the engine know of an index. */
interface KnownIndex {
  /** Whether its table is. */
  partitioned: boolean;
  definition: string | null;
  comment: string | null;
  tablespace: string | null;
  clustered: boolean;
  /** Statistics targets by column number. */
  statistics: Record<string, number> | null;
}

/** `missing`, `present`, or `not valid` where a build was interrupted. */
export const indexState = async (
  db: Database,
  index: DeclaredIndex,
): Promise<"missing" | "present" | "not valid"> => {
  const { rows } = await sql<{ valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = ${oidOf(qualified(index))}`.execute(db);
  if (!rows[0]) return "missing";
  return rows[0].valid ? "present" : "not valid";
};

/** A relation that has the index's name in the schema of its table. */
const ofThatName = ({ table, name }: DeclaredIndex): RawBuilder<unknown> => sql`(
  select c.oid from pg_class c join pg_class t on t.relnamespace = c.relnamespace
  where t.oid = ${oidOf(table)} and c.relname = ${name})`;

/** Whether something has the index's name that the change has not made. */
export const isTaken = async (db: Database, step: number, index: DeclaredIndex): Promise<boolean> => {
  const { rows: found } = await sql<{ oid: number | null; known: boolean }>`
    select ${ofThatName(index)} as oid, to_regclass('earlybird.own_indexes') is not null as known`.execute(
    db,
  );
  const { oid = null, known = false } = found[0] ?? {};
  if (oid === null || !known) return oid !== null;
  const { rows: own } = await sql`
    select from earlybird.own_indexes
    where step = ${step} and name = ${index.name} and coalesce(made, ${oid}::oid) = ${oid}::oid`.execute(db);
  return own.length === 0;
};

/** Keeps before a build that an index of this name is the change's, so that a half-built one is known again. */
const claim = async (db: Database, step: number, { name, table }: DeclaredIndex): Promise<void> => {
  await sql`insert into earlybird.own_indexes (step, name, relation) values (${step}, ${name}, ${table})
    on conflict (step, name) do update set made = null`.execute(db);
};

/** Stores the current definition of the index, including changes by users, in the transaction that drops it. */
export const rememberIndex = async (db: Database, step: number, index: DeclaredIndex): Promise<void> => {
  await claim(db, step, index);
  const own = sql`own.step = ${step} and own.name = ${index.name}`;
  await sql`update earlybird.own_indexes own set made = coalesce(${ofThatName(index)}, 0) where ${own}`.execute(
    db,
  );
  await sql`
    update earlybird.own_indexes own set definition = pg_get_indexdef(c.oid), clustered = i.indisclustered,
      comment = obj_description(c.oid, 'pg_class'), tablespace = t.spcname,
      statistics = (select jsonb_object_agg(attnum, attstattarget) from pg_attribute
        where attrelid = c.oid and attstattarget >= 0)
    from pg_class c join pg_index i on i.indexrelid = c.oid left join pg_tablespace t on t.oid = c.reltablespace
    where ${own} and c.oid = own.made and i.indisvalid`.execute(db);
};

/** Drops the index beside the traffic; on a partitioned table, which knows no such way, with a short lock. */
export const dropIndex = async (
  db: Database,
  { step, index, briefly }: { step: number; index: DeclaredIndex; briefly: Briefly },
): Promise<void> => {
  const name = sql.table(qualified(index));
  const { partitioned } = await known(db, step, index);
  await (partitioned
    ? briefly(() => sql`drop index if exists ${name}`.execute(db))
    : sql`drop index concurrently if exists ${name}`.execute(db));
  // From now on an index of this name belongs to another owner.
  await sql`update earlybird.own_indexes set made = 0 where step = ${step} and name = ${index.name}`.execute(
    db,
  );
};

/**
 * Builds the index that was remembered, else the declared one; removes first what an interrupted build has left. On a
 * partitioned table, which cannot be indexed beside the traffic, writers wait for the build.
 */
export const buildIndex = async (
  db: Database,
  { step, index, briefly }: { step: number; index: DeclaredIndex; briefly: Briefly },
): Promise<void> => {
  const state = await indexState(db, index);
  if (state === "present") return;
  if (state === "not valid") await dropIndex(db, { step, index, briefly });
  await claim(db, step, index);
  const { partitioned } = await known(db, step, index);
  await (partitioned
    ? briefly(() => create(db, { step, index, concurrently: false }))
    : create(db, { step, index, concurrently: true }));
};

/** The same in a transaction that is aborted. */
export const rehearseBuild = async (db: Database, step: number, index: DeclaredIndex): Promise<void> => {
  if ((await indexState(db, index)) === "missing") await create(db, { step, index, concurrently: false });
};

const create = async (
  db: Database,
  { step, index, concurrently }: { step: number; index: DeclaredIndex; concurrently: boolean },
): Promise<void> => {
  const { definition, comment, tablespace, clustered, statistics } = await known(db, step, index);
  const how = concurrently ? "create $1index concurrently " : "create $1index ";
  if (definition !== null)
    await sql`select set_config('default_tablespace', ${tablespace ?? ""}, false)`.execute(db);
  try {
    await (definition === null
      ? sql`${sql.raw(how.replace("$1", ""))}${declaration(index)}`
      : // The catalog's own words, which begin with "CREATE INDEX" or "CREATE UNIQUE INDEX".
        sql`${sql.raw(definition.replace(/^CREATE (UNIQUE )?INDEX /, how).replace(" ON ONLY ", " ON "))}`
    ).execute(db);
  } finally {
    await sql`reset default_tablespace`.execute(db).catch(() => undefined);
  }
  const name = sql.table(qualified(index));
  if (comment !== null) await sql`comment on index ${name} is ${sql.lit(comment)}`.execute(db);
  if (clustered)
    await sql`alter table ${sql.table(index.table)} cluster on ${sql.id(index.name)}`.execute(db);
  for (const [column, target] of Object.entries(statistics ?? {})) {
    const set = sql`alter column ${sql.lit(Number(column))} set statistics ${sql.lit(target)}`;
    await sql`alter index ${name} ${set}`.execute(db);
  }
};

const known = async (db: Database, step: number, index: DeclaredIndex): Promise<KnownIndex> => {
  const { rows } = await sql<KnownIndex>`
    select t.relkind = 'p' as partitioned, own.definition, own.comment, own.tablespace,
      coalesce(own.clustered, false) as clustered, own.statistics
    from pg_class t left join earlybird.own_indexes own on own.step = ${step} and own.name = ${index.name}
    where t.oid = ${oidOf(index.table)}`.execute(db);
  return rows[0] ?? unknown;
};

const unknown: KnownIndex = {
  partitioned: false,
  definition: null,
  comment: null,
  tablespace: null,
  clustered: false,
  statistics: null,
};

const declaration = ({ name, table, columns }: DeclaredIndex): RawBuilder<unknown> => {
  const keys = columns.map((column) => {
    const [plain = "", order] = column.split(" ");
    return order === "desc" ? sql`${sql.id(plain)} desc` : sql.id(plain);
  });
  return sql`${sql.id(name)} on ${sql.table(table)} (${sql.join(keys)})`;
};
