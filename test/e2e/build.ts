import { execFile } from "node:child_process";
import { promisify } from "node:util";
import pg from "pg";
import { inject } from "vitest";
import { root } from "../repository/imports.ts";

/** The command that a user runs. */
export const program = `${root}ops/bin/earlybird.js`;

/**
 * Builds the packages if they are out of date; otherwise this takes half a second. An advisory lock lets one
 * test file build at a time, because another one may be reading the output.
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
