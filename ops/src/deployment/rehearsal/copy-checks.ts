import { Kysely, PostgresDialect, sql } from "kysely";
import pg from "pg";
import type { Clock } from "../../core/clock.ts";
import {
  type CheckResult,
  checks,
  type Database,
  type PreflightContext,
  runPreflight,
} from "../preflight/index.ts";
import { type HotPlans, planQueries, worsePlans } from "./hot-plans.ts";

/** amcheck, and the plans of hot queries. */
const checksOfCopy = [15, 25];

/**
 * The copy for the preflight, with the steps applied.
 *
 * @param before plans from before the steps; without them, check 25 is unknown
 */
export const copyChecks = (db: Database, before?: HotPlans): NonNullable<PreflightContext["copy"]> => ({
  db,
  ...(before && { hotPlans: async () => worsePlans(before, await planQueries(db, [...before.keys()])) }),
});

/** Runs the checks of the preflight that need a copy. */
export const checkCopy = async (
  db: Database,
  { before, clock, directory }: { before: HotPlans | undefined; clock: Clock; directory: string },
): Promise<CheckResult[]> => {
  const context: PreflightContext = {
    clock,
    root: directory,
    dataDir: directory,
    settings: { faults: ["they are not read on a copy"] },
    database: { unreachable: "these checks read the copy" },
    copy: copyChecks(db, before),
  };
  return (await runPreflight(context, { checks, only: checksOfCopy })).checks;
};

/** The database of a copy, for as long as `work` takes. */
export const onCopy = async <T>(
  settings: pg.ClientConfig,
  work: (db: Database) => Promise<T>,
): Promise<T> => {
  const pool = new pg.Pool({ ...settings, max: 1 });
  pool.on("error", () => undefined);
  try {
    return await work(new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) }));
  } finally {
    await pool.end();
  }
};

/** Names and values look alike in each session. */
const alike = `set search_path = pg_catalog; set timezone = 'UTC'; set datestyle = 'ISO, MDY'; set extra_float_digits = 1; set jit = off`;

/** As {@link onCopy}, in a session whose inventories can be compared with others. */
export const onCopyAlike = <T>(settings: pg.ClientConfig, work: (db: Database) => Promise<T>): Promise<T> =>
  onCopy(settings, async (db) => {
    for (const statement of alike.split("; ")) await sql.raw(statement).execute(db);
    return work(db);
  });
