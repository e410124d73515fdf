import { setTimeout as sleep } from "node:timers/promises";
import { fingerprint, RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { describe, expect, test } from "vitest";
import { createTestDatabase } from "../../support/database.ts";
import { quiet } from "../../support/delivery.ts";
import { type Untidy, untidySchemas } from "./schemas.ts";

const asked = { requestedBy: "ada", origin: "test", reason: "practice" };
const rounds = process.env.TEST_LONG ? 12 : 2;

/** Fifty transactions a second from four connections that know nothing of the engine; resolves with what was refused. */
const startWriters = (pool: pg.Pool, { write }: Untidy) => {
  let stopped = false;
  let n = 0;
  const refused: string[] = [];
  const writer = async () => {
    while (!stopped) {
      n += 1;
      const statements = write(n, 1 + ((n * 37) % 400));
      await pool.query(`begin; ${statements} commit`).catch(async (error: Error) => {
        refused.push(error.message);
      });
      await sleep(80);
    }
  };
  const writers = Promise.all(Array.from({ length: 4 }, writer));
  return async () => {
    stopped = true;
    await writers;
    return { written: n, refused };
  };
};

describe.each(untidySchemas)("$name", (untidy) => {
  test("every step is rolled back and re-applied beside plain writers, nothing is lost, and it can be proven", async () => {
    const database = await createTestDatabase();
    const { pool } = database;
    try {
      await pool.query(untidy.schema);
      await pool.query("reset all");
      const manager = new RollbackManager({ pool, changes: untidy.changes, log: quiet });
      expect(
        (await manager.check()).flatMap(({ findings }) =>
          findings.filter(({ severity }) => severity === "blocks"),
        ),
      ).toEqual([]);
      await manager.install(asked);
      const stop = startWriters(pool, untidy);
      const [first = 0] = manager.steps;
      const last = manager.steps.at(-1) ?? 0;
      for (let round = 0; round < rounds; round++) {
        await manager.rollbackSteps(first, last, asked);
        await sleep(150);
        await manager.reapplySteps(first, last, asked);
        await sleep(50);
      }
      const { written, refused } = await stop();
      expect(refused).toEqual([]);
      expect(written).toBeGreaterThan(20);
      expect((await pool.query(untidy.lost)).rows).toEqual([]);

      const db = new Kysely<unknown>({ dialect: new PostgresDialect({ pool }) });
      const before = await fingerprint(db);
      await manager.rollbackSteps(first, last, asked);
      expect((await pool.query(untidy.lost)).rows).toEqual([]);
      await manager.reapplySteps(first, last, asked);
      expect(await fingerprint(db)).toEqual(before);
      const certificate = await manager.prove({ steps: manager.steps, range: true }, asked);
      expect(certificate).toMatchObject({ proven: true, differences: [] });
      expect((await manager.verifyLedger()).ok).toBe(true);
    } finally {
      await database.drop();
    }
  });
});
