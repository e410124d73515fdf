import pg from "pg";
import { createPool } from "../../ops/src/database/pool.ts";
import type { TestDatabase } from "../support/database.ts";
import { startThrowawayPostgres } from "../support/throwaway.ts";

/** A database on a server of its own, which a test can kill. */
export interface OwnDatabase extends TestDatabase {
  /** `kill -9` of the server. */
  kill(): Promise<void>;
  /** Starts the server again, at the same address. */
  restart(): Promise<void>;
}

export const startOwnDatabase = async (): Promise<OwnDatabase> => {
  const server = await startThrowawayPostgres();
  // The server's user is called as the platform's schema is: tables of the shop would land in it.
  await ask(server.url, "alter database postgres set search_path = public");
  // Servers of tests lose their last transactions when they are killed.
  await ask(server.url, "alter database postgres set synchronous_commit = on");
  const pool = createPool(server.url);
  return {
    url: server.url,
    pool,
    kill: async () => {
      const [file] = await ask<{ pid: string }>(
        server.url,
        "select split_part(pg_read_file('postmaster.pid'), e'\\n', 1) as pid",
      );
      process.kill(Number(file?.pid), "SIGKILL");
    },
    restart: () => server.start(),
    drop: async () => {
      await pool.end();
      await server.remove();
    },
  };
};

const ask = async <Row extends pg.QueryResultRow>(url: string, sql: string): Promise<Row[]> => {
  const client = new pg.Client({ connectionString: url });
  // The end of the server ends the connection, too.
  client.on("error", () => undefined);
  await client.connect();
  const { rows } = await client.query<Row>(sql);
  await client.end();
  return rows;
};
