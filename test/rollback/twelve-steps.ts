import { createPool } from "@earlybird-ops/platform/database";
import {
  type Database,
  type Fingerprint,
  fingerprint,
  RollbackManager,
} from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { changes } from "../../delivery/src/changes/index.ts";
import { createSchema } from "../../delivery/src/schema.ts";
import { seedDemo } from "../../delivery/src/seed/index.ts";
import { StandingClock } from "../support/clock.ts";
import { createTestDatabase, ensureTemplate, type TestDatabase } from "../support/database.ts";
import { quiet } from "../support/delivery.ts";
import { asked } from "./asked.ts";

/** All twelve steps, each with its way back. */
export const steps = changes.map(({ step }) => step);

export const managerOf = (pool: pg.Pool) => new RollbackManager({ pool, changes, log: quiet });

/** The step and all that depend on it: what a cascading rollback takes along. */
export const withDependents = (step: number): number[] => {
  const found = new Set([step]);
  for (const change of changes) {
    if (change.requires.some((required) => found.has(required))) found.add(change.step);
  }
  return [...found].sort((a, b) => a - b);
};

export interface SmallBusiness extends TestDatabase {
  // biome-ignore lint/suspicious/noExplicitAny: the tests read engine tables, too
  db: Kysely<any>;
  manager: RollbackManager;
}

/**
 * A dozen customers and six days around a month's end, with a value in every column that a step has brought.
 * Step 29 has been away once: from then on every row has its id of either style.
 */
export const openTwelveSteps = async (): Promise<SmallBusiness> => {
  await ensureTemplate("twelve_steps", fill);
  const database = await createTestDatabase("twelve_steps");
  const db = new Kysely({ dialect: new PostgresDialect({ pool: database.pool }) });
  return { ...database, db, manager: managerOf(database.pool) };
};

/** Fills an empty database as {@link openTwelveSteps} says. */
export const fill = async (url: string): Promise<void> => {
  const pool = createPool(url);
  const db = new Kysely<never>({ dialect: new PostgresDialect({ pool }) });
  await createSchema(db, "UTC");
  const manager = managerOf(pool);
  await manager.install(asked);
  await seedDemo(db, { customers: 12, days: 6, clock: new StandingClock("2026-03-03T05:30:00") });
  await sql`insert into refused_confirmations (order_id, delivery_date, code, at)
    select id, delivery_date, 'EB_PHANTOM_DELIVERY', created_at from orders order by id limit 3`.execute(db);
  await manager.rollbackStep(29, asked);
  await manager.reapplyStep(29, asked);
  await pool.end();
};

/** The fingerprint, and what the engine itself has parked: it too must be the same in the same state. */
export const wholeState = async (db: Database): Promise<Fingerprint & { engine: Record<string, string> }> => {
  const { rows } = await sql<{ name: string }>`
    select tablename as name from pg_tables
    where schemaname = 'earlybird' and (tablename like 'parked%' or tablename like 'ids%') order by 1`.execute(
    db,
  );
  const engine: Record<string, string> = {};
  for (const { name } of rows) {
    const { rows: sums } = await sql<{ sum: string }>`
      select coalesce(sum(hashtextextended(t::text, 0)), 0)::text as sum from ${sql.id("earlybird", name)} t`.execute(
      db,
    );
    engine[name] = sums[0]?.sum ?? "";
  }
  return { ...(await fingerprint(db)), engine };
};
