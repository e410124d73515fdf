import { execFile } from "node:child_process";
import { chown, mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  startSystemPostgres,
  systemPostgresVersion,
  type ThrowawayPostgres,
} from "../../../../test/support/throwaway.ts";
import { type RunningServer, startServer, stopServer } from "../../database/embedded/postmaster.ts";
import { postgresAccount } from "../../database/embedded/root-account.ts";
import { createPool } from "../../database/index.ts";
import { closeMonitoringPool, createMonitoringPool } from "../../database/monitoring-pool.ts";
import { readDatabaseDetails } from "./server-stats.ts";

const programs = `/usr/lib/postgresql/${systemPostgresVersion}/bin`;

// The embedded PostgreSQL comes without the program that copies a server.
describe.skipIf(!systemPostgresVersion)(`a PostgreSQL ${systemPostgresVersion} with a replica`, () => {
  let primary: ThrowawayPostgres;
  let replica: RunningServer;
  let pool: pg.Pool;
  let replicaPool: pg.Pool;
  const watching: pg.Pool[] = [];

  beforeAll(async () => {
    primary = await startSystemPostgres();
    pool = createPool(primary.url);
    const { rows } = await pool.query("show data_directory");
    // Beside the primary's own, so that it is removed with it.
    const home = dirname(rows[0].data_directory);
    const directory = join(home, "replica");
    const account = await postgresAccount();
    await mkdir(directory, { mode: 0o700 });
    if (account.uid !== undefined && account.gid !== undefined)
      await chown(directory, account.uid, account.gid);
    await promisify(execFile)(
      join(programs, "pg_basebackup"),
      [
        `--dbname=${primary.url}`,
        `--pgdata=${directory}`,
        "--write-recovery-conf",
        "--create-slot",
        "--slot=reports",
        "--no-sync",
        "--checkpoint=fast",
      ],
      { ...account, cwd: "/" },
    );
    replica = await startServer(
      { initdb: join(programs, "initdb"), postgres: join(programs, "postgres") },
      {
        directory,
        account,
        logFile: join(home, "replica-log"),
        settings: { fsync: "off", max_connections: "200" },
      },
    );
    const url = new URL(primary.url);
    url.port = String(replica.port);
    replicaPool = createPool(url.href);
    watching.push(createMonitoringPool(pool), createMonitoringPool(replicaPool));
  });

  afterAll(async () => {
    for (const each of watching) await closeMonitoringPool(each);
    await replicaPool.end();
    await pool.end();
    await stopServer(replica);
    await primary.remove();
  });

  const detailsOf = (n: 0 | 1) => readDatabaseDetails(watching[n] as pg.Pool, new Date());
  const lag = async () => (await detailsOf(0)).replicas?.[0]?.lag_bytes;

  test("a replica without lag is reported with its address and slot", async () => {
    await expect.poll(lag).toBe(0);
    const { replicas, unknown } = await detailsOf(0);
    expect(replicas).toEqual([
      {
        application: expect.any(String),
        address: "127.0.0.1",
        slot: "reports",
        state: "streaming",
        lag_bytes: 0,
        lag_seconds: 0,
      },
    ]);
    expect(unknown).toEqual([]);
  });

  test("a replica that stops applying lags by the written bytes, and catches up", async () => {
    await replicaPool.query("select pg_wal_replay_pause()");
    await pool.query("create table much as select generate_series(1, 10000)");
    await expect.poll(lag).toBeGreaterThan(300_000);
    await replicaPool.query("select pg_wal_replay_resume()");
    await expect.poll(lag).toBe(0);
  });

  test("an ordinary login sees the replica, and why its lag is unknown", async () => {
    await pool.query("create role passer_by login password 'passer-by'");
    const url = new URL(primary.url);
    url.username = "passer_by";
    url.password = "passer-by";
    const theirs = createPool(url.href);
    const mine = createMonitoringPool(theirs);
    const { replicas, unknown } = await readDatabaseDetails(mine, new Date());
    await closeMonitoringPool(mine);
    await theirs.end();
    expect(replicas).toMatchObject([
      { slot: "reports", state: "unknown", lag_bytes: null, lag_seconds: null },
    ]);
    expect(unknown).toContainEqual({
      detail: "replicas",
      reason: expect.stringContaining("Grant this login pg_read_all_stats"),
    });
  });

  test("a replica itself can be monitored", async () => {
    const { connections, replicas, unknown } = await detailsOf(1);
    expect(connections?.used).toBeGreaterThan(0);
    expect([replicas, unknown]).toEqual([[], []]);
  });
});
