import { type Kysely, type RawBuilder, sql } from "kysely";

/** The class of the platform's advisory locks, which keeps them apart from other applications' locks. */
export const lockClass = 19_301;

const schemaLock = sql`${sql.lit(lockClass)}, 4`;

/** Statements that create tables in the schema `earlybird`, or upgrade those of an earlier version. */
export interface PlatformTables {
  /** The statements run if this table is missing, */
  table: string;
  /** or if it lacks this column, */
  column?: string;
  /** or if the schema lacks this function. */
  routine?: string;
  statements: readonly RawBuilder<unknown>[];
}

/** Creates missing tables in the schema `earlybird`, and the schema itself. Instances may call it concurrently. */
export const createPlatformTables = async <Tables>(
  db: Kysely<Tables>,
  groups: readonly PlatformTables[],
): Promise<void> => {
  // Lock first, read second: another isolation level would not see what other instances created meanwhile.
  await db
    .transaction()
    .setIsolationLevel("read committed")
    .execute(async (tx) => {
      // A transaction lock, not a session lock: a pooler would pass the session on, with the lock.
      await sql`select pg_advisory_xact_lock(${schemaLock})`.execute(tx);
      for (const group of groups) await createIfMissing(tx, group);
    });
};

const createIfMissing = async <Tables>(
  tx: Kysely<Tables>,
  { table, column, routine, statements }: PlatformTables,
): Promise<void> => {
  const { rows } = await sql<{ schema: unknown; there: boolean }>`
    select to_regnamespace('earlybird') as schema, exists (
      select from pg_attribute where attrelid = to_regclass(${`earlybird.${table}`})
        and attname = coalesce(${column ?? null}::text, attname) and not attisdropped)
      and (${routine ?? null}::text is null or to_regproc(${`earlybird.${routine}`}) is not null) as there`.execute(
    tx,
  );
  if (rows[0]?.there) return;
  // Not "if not exists": that requires a privilege even if the schema exists.
  if (!rows[0]?.schema) await sql`create schema earlybird`.execute(tx);
  for (const statement of statements) await statement.execute(tx);
};
