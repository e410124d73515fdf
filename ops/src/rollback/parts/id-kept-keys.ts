import { type RawBuilder, sql } from "kysely";
import type { Database, PartContext } from "../change/change.ts";
import { findPrimaryKey } from "../database/primary-key.ts";
import { declaredName, parkingSchema, quotedTable } from "../database/table-names.ts";
import { mapColumns, mapOf } from "./id-maps.ts";
import type { IdentifierPlace } from "./id-references.ts";

/**
 * Rewrites the ids in what the engine keeps of the service's rows: their keys in `earlybird.journal` and
 * `earlybird.kept_values`, and the values that an operation found edited.
 */
export const rewriteKeptKeys = async (
  context: PartContext,
  places: readonly IdentifierPlace[],
): Promise<void> => {
  const { db } = context;
  for (const { relation, table } of await relationsWithKeys(db)) {
    const here = places.filter((place) => place.table === table && place.field === undefined);
    const key = (await findPrimaryKey(db, table)).map(({ name }) => name);
    if (key.some((column) => here.some((place) => place.column === column))) {
      await rewriteJournal(context, relation, { key, places: here });
      await sql`update earlybird.kept_values k set key = n.key
        from (${rewrittenKeys(context, sql`earlybird.kept_values`, relation, { key, places: here })}) n
        where k.relation = ${relation} and k.key = n.was`.execute(db);
    }
    for (const place of here) await rewriteKeptValues(context, relation, place);
  }
};

/** Under the name by which a change declares it, each with the table that it is now. */
const relationsWithKeys = async (db: Database): Promise<{ relation: string; table: string }[]> => {
  const { rows } = await sql<{ relation: string }>`
    select relation from earlybird.journal union select relation from earlybird.kept_values`.execute(db);
  const names = rows.map(({ relation }) => relation);
  const { rows: found } = await sql<{ relation: string; table: string }>`
    select relation, ${declaredName(sql`coalesce(to_regclass(quoted), to_regclass(${`${parkingSchema}.`} || quoted))`)} as table
    from unnest(${names}::text[], ${names.map(quotedTable)}::text[]) as r (relation, quoted)`.execute(db);
  return found.filter(({ table }) => table !== null);
};

interface KeyPlaces {
  key: readonly string[];
  places: readonly IdentifierPlace[];
}

/** A query for the keys that change: `was` and `key`. A key of several columns is a JSON array of their values as text. */
const rewrittenKeys = (
  { direction }: PartContext,
  kept: RawBuilder<unknown>,
  relation: string,
  { key, places }: KeyPlaces,
): RawBuilder<unknown> => {
  const { from, to } = mapColumns(direction);
  let becomes = key.length === 1 ? sql`k.key` : sql`k.key::jsonb`;
  const joins: RawBuilder<unknown>[] = [];
  const found: RawBuilder<unknown>[] = [];
  for (const [at, column] of key.entries()) {
    const place = places.find((each) => each.column === column);
    if (!place) continue;
    const map = sql.id(`map_${at}`);
    const value = key.length === 1 ? sql`k.key` : sql`k.key::jsonb ->> ${sql.lit(at)}`;
    joins.push(sql`left join ${mapOf(place.refers)} ${map} on ${map}.${from} = ${value}`);
    found.push(sql`${map}.${to} is not null`);
    becomes =
      key.length === 1
        ? sql`${map}.${to}`
        : sql`jsonb_set(${becomes}, ${sql.lit(`{${at}}`)}, to_jsonb(coalesce(${map}.${to}, ${value})))`;
  }
  return sql`select distinct k.key as was, (${becomes})::text as key from ${kept} k ${sql.join(joins, sql` `)}
    where k.relation = ${relation} and (${sql.join(found, sql` or `)})`;
};

/** Marks a key that is rewritten: no id begins with this character. */
const marker = sql`'\u0001'`;

/** In two steps, because the new key may be there: a row that was deleted can have come back under its other id. */
const rewriteJournal = async (context: PartContext, relation: string, key: KeyPlaces): Promise<void> => {
  const { db } = context;
  await sql`update earlybird.journal j set key = ${marker} || n.key
    from (${rewrittenKeys(context, sql`earlybird.journal`, relation, key)}) n
    where j.relation = ${relation} and j.key = n.was`.execute(db);
  const marked = sql`relation = ${relation} and starts_with(key, ${marker})`;
  await sql`insert into earlybird.journal (relation, key, position, removed_at)
    select relation, substr(key, 2), position, removed_at from earlybird.journal where ${marked}
    on conflict (relation, key) do update set position = greatest(journal.position, excluded.position),
      removed_at = greatest(journal.removed_at, excluded.removed_at)`.execute(db);
  await sql`delete from earlybird.journal where ${marked}`.execute(db);
};

/** In the text: the value comes quoted, and is found nowhere else. Rebuilt, json would not be as it was. */
const rewriteKeptValues = async (
  { db, direction }: PartContext,
  relation: string,
  { column, refers }: IdentifierPlace,
): Promise<void> => {
  const { from, to } = mapColumns(direction);
  for (const name of ["written", "parked"]) {
    const image = sql.id(name);
    await sql`update earlybird.kept_values k
      set ${image} = replace(k.${image}::text, to_json(m.${from})::text, to_json(m.${to})::text)::json
      from ${mapOf(refers)} m
      where k.relation = ${relation} and m.${from} = k.${image} ->> ${column}::text`.execute(db);
  }
};
