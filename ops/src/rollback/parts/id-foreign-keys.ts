import { sql } from "kysely";
import { defineFailure } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { noneOf } from "../change/checks.ts";
import { danglingRows, type ForeignKey, foreignKeysOf } from "../database/foreign-keys.ts";
import type { IdentifierPlace } from "./id-references.ts";

const danglingReferences = defineFailure({
  code: "EB_REFERENCES_DANGLING",
  status: 500,
  exitStatus: 4,
  detail: "The rewrite would leave rows of {relation} that violate {name} ({detail}); nothing was changed.",
  remedy: "Correct the rows that violate the constraint now, then try again.",
});

/**
 * Does work that rewrites the columns at both ends of foreign keys. Where the role may set their triggers aside, readers
 * go on reading, and each key is proven by a query. Otherwise the keys are dropped and created again.
 *
 * @throws Failure EB_REFERENCES_DANGLING when a row would refer to nothing
 */
export const withoutForeignKeys = async (
  db: Database,
  places: readonly IdentifierPlace[],
  work: () => Promise<void>,
): Promise<void> => {
  const rewritten = new Set(places.map(({ table, column }) => `${table}.${column}`));
  const keys = (await foreignKeysOf(db, [...new Set(places.map(({ table }) => table))])).filter(
    ({ table, columns }) => columns.some((column) => rewritten.has(`${table}.${column}`)),
  );
  if (await setTriggersAside(db)) {
    await work();
    await sql`set local session_replication_role = origin`.execute(db);
    for (const key of keys) if (key.validated) await prove(db, key);
    return;
  }
  for (const { relation, name } of keys)
    await sql`alter table ${sql.raw(relation)} drop constraint ${sql.id(name)}`.execute(db);
  await work();
  for (const key of keys) await createAgain(db, key);
};

/** Superusers may, and roles that were granted the right to: PostgreSQL 15 has it, providers have their own. */
const setTriggersAside = async (db: Database): Promise<boolean> => {
  await sql`savepoint triggers`.execute(db);
  try {
    await sql`set local session_replication_role = replica`.execute(db);
    return true;
  } catch (error) {
    if ((error as { code?: unknown }).code !== "42501") throw error;
    await sql`rollback to savepoint triggers`.execute(db);
    return false;
  }
};

const prove = async (db: Database, key: ForeignKey): Promise<void> => {
  const { ok, detail } = await noneOf(db, key.name, danglingRows(key));
  if (!ok) throw danglingReferences({ ...key, detail });
};

/** From the catalog's own words. */
const createAgain = async (db: Database, key: ForeignKey): Promise<void> => {
  const { relation, name, definition, comment } = key;
  try {
    await sql`alter table ${sql.raw(relation)} add constraint ${sql.id(name)} ${sql.raw(definition)}`.execute(
      db,
    );
  } catch (error) {
    const { code, detail = "" } = error as { code?: string; detail?: string };
    if (code === "23503") throw danglingReferences({ ...key, detail });
    throw error;
  }
  if (comment !== null)
    await sql`comment on constraint ${sql.id(name)} on ${sql.raw(relation)} is ${sql.lit(comment)}`.execute(
      db,
    );
};
