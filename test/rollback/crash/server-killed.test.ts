import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { createPool } from "@earlybird-ops/platform/database";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../support/throwaway.ts";
import { asked } from "../asked.ts";
import { fill, managerOf, wholeState } from "../twelve-steps.ts";
import { atStatement, leaveStatementsAlone } from "./statements.ts";

let server: ThrowawayPostgres;
let url: string;
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
  const business = new URL(server.url);
  business.pathname = "/business";
  url = business.href;
  await fill(url);
  pool = createPool(url);
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

const countStatements = async (direction: "rollback" | "reapply"): Promise<number> => {
  const statements = atStatement(0, "sent", () => undefined);
  const operator = createPool(url);
  await managerOf(operator)[move[direction]](30, 19, asked);
  leaveStatementsAlone();
  await operator.end();
  return statements.length;
};

/** Kills the server at a statement of the way from 30 to 19, or back. */
const killServerDuring = async (direction: "rollback" | "reapply", statement: number): Promise<void> => {
  atStatement(statement, "sent", () => process.kill(postmaster, "SIGKILL"));
  // Connections that were used before reach the server directly, past the counter.
  const operator = createPool(url);
  await expect(managerOf(operator)[move[direction]](30, 19, asked)).rejects.toThrow();
  leaveStatementsAlone();
  await operator.end();
  await restart();
};

test("when the server is killed at any moment and has recovered, the operation is resumed or aborted", async () => {
  const manager = managerOf(pool);
  const before = await wholeState(db());
  const thereLength = await countStatements("rollback");
  const after = await wholeState(db());
  const backLength = await countStatements("reapply");

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
