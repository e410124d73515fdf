import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "earlybird/database";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../support/throwaway.ts";
import { asked } from "../asked.ts";
import { fill, managerOf, wholeState } from "../twelve-steps.ts";
import { atStatement, leaveStatementsAlone } from "./statements.ts";

let server: ThrowawayPostgres;
let pool: pg.Pool;
let postmaster: number;

const readPostmaster = async (): Promise<number> => {
  const { rows } = await pool.query("show data_directory");
  return Number((await readFile(join(rows[0].data_directory, "postmaster.pid"), "utf8")).split("\n")[0]);
};

beforeAll(async () => {
  server = await startThrowawayPostgres();
  const administrator = createPool(server.url);
  await administrator.query("create database business");
  // What has been committed is on disk, as in production; the throwaway server would rather be quick.
  await administrator.query("alter database business set synchronous_commit = on");
  await administrator.end();
  const url = new URL(server.url);
  url.pathname = "/business";
  await fill(url.href);
  pool = createPool(url.href);
  postmaster = await readPostmaster();
});
afterEach(leaveStatementsAlone);
afterAll(async () => {
  await pool?.end();
  await server?.remove();
});

const dead = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return false;
  } catch {
    return true;
  }
};

const restart = async (): Promise<void> => {
  while (!dead(postmaster)) await sleep(5);
  await server.start();
  postmaster = await readPostmaster();
};

const db = () => new Kysely<never>({ dialect: new PostgresDialect({ pool }) });
const move = { rollback: "rollbackSteps", reapply: "reapplySteps" } as const;

/** Kills the server at a statement of the way from 30 to 19, or back. */
const killServerDuring = async (direction: "rollback" | "reapply", statement: number): Promise<void> => {
  atStatement(statement, "sent", () => process.kill(postmaster, "SIGKILL"));
  await expect(managerOf(pool)[move[direction]](30, 19, asked)).rejects.toThrow();
  leaveStatementsAlone();
  await restart();
};

test("when the server is killed at any moment and has recovered, the operation is resumed or aborted", async () => {
  const manager = managerOf(pool);
  const before = await wholeState(db());
  const statements = atStatement(0, "sent", () => undefined);
  await manager.rollbackSteps(30, 19, asked);
  const thereLength = statements.length;
  const after = await wholeState(db());
  await manager.reapplySteps(30, 19, asked);
  const backLength = statements.length - thereLength;
  leaveStatementsAlone();

  for (const share of [0.15, 0.5, 0.85]) {
    for (const ending of ["abort", "resume"] as const) {
      await killServerDuring("rollback", Math.floor(share * thereLength));
      await manager[ending](undefined, asked);
      expect(await wholeState(db())).toEqual(ending === "abort" ? before : after);
    }
    for (const ending of ["abort", "resume"] as const) {
      await killServerDuring("reapply", Math.floor(share * backLength));
      await manager[ending](undefined, asked);
      expect(await wholeState(db())).toEqual(ending === "abort" ? after : before);
    }
  }
  expect(await manager.verifyLedger()).toMatchObject({ ok: true });
}, 600_000);
