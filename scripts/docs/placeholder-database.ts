import type { Database } from "@earlybird-ops/platform/rollback";
import {
  type CompiledQuery,
  DummyDriver,
  Kysely,
  PostgresAdapter,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type QueryResult,
} from "kysely";

/** Replaces a value that only real data has. */
export const placeholder = "…";

/** The columns that impacts, checks and estimates select, by name. */
const fields = {
  part: placeholder,
  value: 1,
  count: 0,
  rows: 1,
  bytes: 1,
  examples: null,
  oldest: new Date(0),
  newest: new Date(0),
};

const rowFor = (query: string): object => {
  if (query.startsWith("explain")) return { "QUERY PLAN": [{ Plan: {}, "Execution Time": 1 }] };
  return Object.fromEntries(
    Object.entries(fields).filter(([name]) => new RegExp(` as "?${name}\\b`).test(query)),
  );
};

const connection = {
  executeQuery: async <R>({ sql }: CompiledQuery): Promise<QueryResult<R>> => ({
    rows: [rowFor(sql.trim()) as R],
  }),
  async *streamQuery(): AsyncGenerator<never> {},
};

class PlaceholderDriver extends DummyDriver {
  override async acquireConnection() {
    return connection;
  }
}

/**
 * A database without a server that returns one placeholder row for each query: enough to list the names of the
 * impact figures and checks of a change.
 */
export const placeholderDatabase = (): Database =>
  new Kysely({
    dialect: {
      createAdapter: () => new PostgresAdapter(),
      createDriver: () => new PlaceholderDriver(),
      createIntrospector: (db) => new PostgresIntrospector(db),
      createQueryCompiler: () => new PostgresQueryCompiler(),
    },
  });
