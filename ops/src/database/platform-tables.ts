import { type Kysely, type RawBuilder, sql } from "kysely";

/** The class of the platform's advisory locks, so that they meet nobody else's. */
export const lockClass = 19_301;

const schemaLock = sql`${sql.lit(lockClass)}, 4`;

/** Statements that make some tables in the schema `earlybird`, or that upgrade those of an earlier version. */
export interface OwnTables {
  /** The statements are needed where this table is absent, */
  table: string;
  /** or, with this, where it has no such column. */
  column?: string;
  /** or, with this, where there is no such function in the schema. */
  routine?: string;
  statements: readonly RawBuilder<unknown>[];
}

/** Makes tables in the schema `earlybird` where they are absent, and the schema too; instances may do so at once. */
export const createOwnTables = async <Tables>(
  db: Kysely<Tables>,
  groups: readonly OwnTables[],
): Promise<void> => {
  // Lock first, look second: under another isolation level, what others made meanwhile would not be seen.
  await db
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (tx) => {
      // Of the transaction, not of the session: a pooler would give the session to somebody else, with the lock.
      await sql`select pg_advisory_xact_lock(${schemaLock})`.execute(tx);
      for (const group of groups) await createWhereAbsent(tx, group);
    });
};

const createWhereAbsent = async <Tables>(
  tx: Kysely<Tables>,
  { table, column, routine, statements }: OwnTables,
): Promise<void> => {
  const { rows } = await sql<{ schema: unknown; there: boolean }>`
    select to_regnamespace('earlybird') as schema, exists (
      select from pg_attribute where attrelid = to_regclass(${`earlybird.${table}`})
        and attname = coalesce(${column ?? null}::text, attname) and not attisdropped)
      and (${routine ?? null}::text is null or to_regproc(${`earlybird.${routine}`}) is not null) as there`.execute(
    tx,
  );
  if (rows[0]?.there) return;
  // Not "if not exists": that would ask for a right that is not needed once the schema is there.
  if (!rows[0]?.schema) await sql`create schema earlybird`.execute(tx);
  for (const statement of statements) await statement.execute(tx);
};
