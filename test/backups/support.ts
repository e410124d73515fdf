import type pg from "pg";
import { type BackupContext, BackupManager, type BackupSettings } from "../../ops/src/backups/index.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { RollbackManager } from "../../ops/src/rollback/index.ts";
import { quiet } from "../support/delivery.ts";

/** Backups of the database of a pool. */
export const backupsOf = (
  pool: pg.Pool,
  settings: Partial<BackupSettings> & Pick<BackupSettings, "directory">,
  context: Partial<BackupContext> = {},
): BackupManager =>
  new BackupManager({
    pool,
    url: pool.options.connectionString ?? "",
    embedded: false,
    clock: systemClock,
    log: quiet,
    settings: {
      key: undefined,
      keep: { kind: "count", count: 10 },
      command: undefined,
      restoreCommand: undefined,
      binDirectory: undefined,
      ...settings,
    },
    ...context,
  });

/** The tables of the platform, and one of a service with an index. */
export const fillDatabase = async (pool: pg.Pool): Promise<void> => {
  await new RollbackManager({ pool, changes: [], log: quiet }).install({
    requestedBy: "test",
    origin: "test",
  });
  await pool.query(
    "create table milk (id bigint generated always as identity primary key, note text not null)",
  );
  await pool.query("insert into milk (note) select md5(i::text) from generate_series(1, 20000) i");
};

/** Writes from several connections, without a pause, until it is stopped; resolves with the number of rows. */
export const writeMeanwhile = (pool: pg.Pool): (() => Promise<number>) => {
  let goes = true;
  let written = 0;
  const writers = [1, 2, 3].map(async () => {
    while (goes) {
      await pool.query("insert into milk (note) values ('meanwhile')");
      written += 1;
    }
  });
  return async () => {
    goes = false;
    await Promise.all(writers);
    return written;
  };
};
