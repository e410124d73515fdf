import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { inject } from "vitest";
import { root } from "../repository/imports.ts";

/** The program that a user starts. */
export const program = `${root}ops/bin/earlybird.js`;

/**
 * Builds what the program runs, where it is older than its source; otherwise this takes half a second. One
 * test file at a time: another one may be reading what is written.
 */
export const ensureBuilt = async (): Promise<void> => {
  const client = new pg.Client({ connectionString: inject("postgresUrl") });
  await client.connect();
  try {
    await client.query("select pg_advisory_lock(hashtext('build'))");
    await promisify(execFile)("node_modules/.bin/tsc", ["-b", "ops", "delivery"], { cwd: root });
  } finally {
    await client.end();
  }
};
