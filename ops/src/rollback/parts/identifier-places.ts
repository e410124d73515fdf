import { sql } from "kysely";
import type { Change, Database } from "../change.ts";
import type { EmbeddedIdentifier } from "./identifiers.ts";

/** A column that holds ids of the table `refers`: its own key, a reference, or an array of JSON objects. */
export interface IdentifierPlace {
  /** With its schema where that is not the service's own. */
  table: string;
  column: string;
  refers: string;
  /** In JSON: the field of each object that holds the id. */
  field?: string;
  /** A key, or held to one by a foreign key: each value is an id of `refers`. */
  enforced?: boolean;
}

/**
 * Every column that holds an id of one of these tables: their keys, what the catalog knows of foreign keys
 * (parked columns keep theirs), and what the parts of all changes keep without one.
 */
export const identifierPlaces = async (
  db: Database,
  tables: readonly string[],
  changes: readonly Change[],
): Promise<IdentifierPlace[]> => {
  const { rows } = await sql<IdentifierPlace>`
    select k.conrelid::regclass::text as table, a.attname as column, k.confrelid::regclass::text as refers,
      k.convalidated as enforced
    from pg_constraint k join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
    where k.contype = 'f' and k.confrelid = any(${tables}::regclass[]) and k.conparentid = 0
    order by 1, 2`.execute(db);
  const kept = changes.flatMap(({ step, parts }) => parts.flatMap((part) => part.holdsIds?.(step) ?? []));
  const existing: IdentifierPlace[] = [];
  for (const place of kept) {
    if (tables.includes(place.refers) && (await hasColumn(db, place))) existing.push(place);
  }
  const all = [
    ...tables.map((table) => ({ table, column: "id", refers: table, enforced: true })),
    ...existing,
    ...rows,
  ];
  return [...new Map(all.map((place) => [`${place.table}.${place.column}`, place])).values()];
};

/** The same for ids in JSON, wherever the column now stands: visible, parked, or as an empty twin. */
export const embeddedPlaces = async (
  db: Database,
  embedded: readonly EmbeddedIdentifier[],
): Promise<IdentifierPlace[]> => {
  const places: IdentifierPlace[] = [];
  for (const { table, column, field, refers } of embedded) {
    const { rows } = await sql<{ name: string }>`
      select attname as name from pg_attribute
      where attrelid = ${table}::regclass and attnum > 0 and not attisdropped
        and (attname = ${column} or attname ~ ${`^eb[0-9]+_(parked|empty)_${column}$`})`.execute(db);
    places.push(...rows.map(({ name }) => ({ table, column: name, field, refers })));
  }
  return places;
};

const hasColumn = async (db: Database, { table, column }: IdentifierPlace): Promise<boolean> => {
  const { rows } = await sql`
    select from pg_attribute where attrelid = to_regclass(${table}) and attname = ${column} and not attisdropped`.execute(
    db,
  );
  return rows.length > 0;
};
