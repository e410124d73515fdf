import pg from "pg";

const int8 = 20;
const date = 1082;

const parsers: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: "text" | "binary") => {
    // Counts and paise stay far below 2^53; a date is a day, not an instant in the server's time zone.
    if (oid === int8) return Number;
    if (oid === date) return (value: string) => value;
    return format === "binary" ? pg.types.getTypeParser(oid, "binary") : pg.types.getTypeParser(oid);
  }) as typeof pg.types.getTypeParser,
};

/**
 * A connection pool with EarlyBird's conventions: `bigint` as number, `date` as `YYYY-MM-DD`, an error after
 * 3 seconds without a connection.
 */
export const createPool = (connectionString: string, options: pg.PoolConfig = {}): pg.Pool => {
  const pool = new pg.Pool({
    connectionString,
    types: parsers,
    max: 10,
    connectionTimeoutMillis: 3_000,
    keepAlive: true,
    application_name: "earlybird",
    ...options,
  });
  // The pool replaces a connection that breaks while idle; without a listener, the event would end the process.
  pool.on("error", () => undefined);
  // So would one that breaks while it is checked out but idle; the next query reports it.
  pool.on("connect", (client) => client.on("error", () => undefined));
  return pool;
};
