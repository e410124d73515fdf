import { randomUUID } from "node:crypto";
import pg from "pg";
import { inject } from "vitest";
import { createPool } from "../../ops/src/database/pool.ts";

/** A database of a test file's own, as it is after `createTestDatabase`. */
export interface TestDatabase {
  readonly url: string;
  readonly pool: pg.Pool;
  /** Closes the pool and drops the database, even if clients are still connected. */
  drop(): Promise<void>;
}

/**
 * Makes a database on the run's server: empty, or a copy of a template made by `ensureTemplate`.
 *
 * @param template the name given to `ensureTemplate`
 */
export const createTestDatabase = async (template?: string): Promise<TestDatabase> => {
  const name = `test_${randomUUID().replaceAll("-", "")}`;
  const source = template === undefined ? "template1" : templateName(template);
  await asAdministrator(async (client) => {
    await client.query(copyOf(name, source));
    // The server's user is called as the platform's schema is: what a test makes later would land in it.
    await client.query(`alter database ${pg.escapeIdentifier(name)} set search_path = public`);
  });
  const url = addressOf(name);
  const pool = createPool(url);
  return {
    url,
    pool,
    drop: async () => {
      await pool.end();
      await asAdministrator((client) =>
        client.query(`drop database ${pg.escapeIdentifier(name)} with (force)`),
      );
    },
  };
};

/**
 * Makes a template once per run, however many test files ask for it at the same moment; the others wait.
 *
 * @param build fills the database behind the address, and closes what it opened
 */
export const ensureTemplate = async (name: string, build: (url: string) => Promise<void>): Promise<void> => {
  const template = templateName(name);
  await asAdministrator(async (client) => {
    await client.query("select pg_advisory_lock(hashtext($1))", [template]);
    const found = await client.query("select 1 from pg_database where datname = $1", [template]);
    if (found.rowCount) return;
    // A build that fails must not leave half a template under the name that others look for.
    const draft = `draft_${randomUUID().replaceAll("-", "")}`;
    await client.query(copyOf(draft, "template1"));
    try {
      await build(addressOf(draft));
      await client.query(
        `alter database ${pg.escapeIdentifier(draft)} rename to ${pg.escapeIdentifier(template)}`,
      );
    } catch (error) {
      await client.query(`drop database if exists ${pg.escapeIdentifier(draft)} with (force)`);
      throw error;
    }
  });
};

const templateName = (name: string): string => `template_${name}`;

/** Copies files: without `fsync`, that is quicker than to log each block. */
const copyOf = (name: string, source: string): string =>
  `create database ${pg.escapeIdentifier(name)} template ${pg.escapeIdentifier(source)} strategy file_copy`;

const addressOf = (database: string): string => {
  const url = new URL(inject("postgresUrl"));
  url.pathname = `/${database}`;
  return url.href;
};

const asAdministrator = async <T>(work: (client: pg.Client) => Promise<T>): Promise<T> => {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
};
