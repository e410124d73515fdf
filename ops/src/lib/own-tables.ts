import { type Kysely, type RawBuilder, sql } from "kysely";

/** The class of the platform's advisory locks, so that they meet nobody else's. */
export const lockClass = 19_301;

const schemaLock = sql`${sql.lit(lockClass)}, 4`;

/** Statements that make some tables in the schema `earlybird`, among them `table`, by which they are recognised. */
export interface OwnTables {
  table: string;
  statements: readonly RawBuilder<unknown>[];
}

/** Makes tables in the schema `earlybird` where they are absent, and the schema too; instances may do so at once. */
export const createOwnTables = async <Tables>(
  db: Kysely<Tables>,
  groups: readonly OwnTables[],
): Promise<void> => {
  await db.connection().execute(async (connection) => {
    // Before the transaction: the beginning of one is when a connection learns that somebody else has made the
    // schema, and it may have looked for it before, as the schema of a user of that name.
    await sql`select pg_advisory_lock(${schemaLock})`.execute(connection);
    try {
      await connection.transaction().execute(async (tx) => {
        for (const group of groups) await createWhereAbsent(tx, group);
      });
    } finally {
      await sql`select pg_advisory_unlock(${schemaLock})`.execute(connection);
    }
  });
};

const createWhereAbsent = async <Tables>(
  tx: Kysely<Tables>,
  { table, statements }: OwnTables,
): Promise<void> => {
  const { rows } = await sql<{ schema: unknown; tables: unknown }>`
    select to_regnamespace('earlybird') as schema, to_regclass(${`earlybird.${table}`}) as tables`.execute(
    tx,
  );
  if (rows[0]?.tables) return;
  // Not "if not exists": that would ask for a right that is not needed once the schema is there.
  if (!rows[0]?.schema) await sql`create schema earlybird`.execute(tx);
  for (const statement of statements) await statement.execute(tx);
};
