import { createLogger } from "@earlybird-ops/platform";
import { createPool } from "@earlybird-ops/platform/database";
import { Changes } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { changes as declaredChanges } from "../../delivery/src/changes/index.ts";
import type { Tables } from "../../delivery/src/database.ts";
import { createOrders, nthId } from "../business.ts";
import { median, ms, printTable, ratio } from "../figures.ts";

const writers = 10;
const rounds = 15;
const writesEach = 200;

/** Compares `changes.transaction` with a bare transaction around the same write, with ten concurrent writers. */
export const benchWriters = async (url: string): Promise<void> => {
  console.error("changes.transaction against a bare transaction ...");
  const business = await createOrders(url, 10_000);
  // The pool reserves three connections for reads.
  const pool = createPool(business.url, { max: writers + 3 });
  const changes = new Changes<Tables>({ changes: declaredChanges, pool, log: createLogger("silent") });
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const write = (tx: Kysely<Tables>, writer: number) =>
    tx
      .updateTable("orders")
      .set({ notes: "noted" })
      .where("id", "=", nthId("ord_", 1 + writer * 7))
      .execute();
  const bare = (writer: number) => db.transaction().execute((tx) => write(tx, writer));
  const governed = (writer: number) => changes.transaction((tx) => write(tx, writer));
  const allWriters = async (one: (writer: number) => Promise<unknown>): Promise<number> => {
    const startMs = performance.now();
    const busy = Array.from({ length: writers }, async (_, writer) => {
      for (let n = 0; n < writesEach; n++) await one(writer);
    });
    await Promise.all(busy);
    return (performance.now() - startMs) / (writers * writesEach);
  };
  const times = { bare: [] as number[], governed: [] as number[] };
  await allWriters(bare);
  await allWriters(governed);
  for (let round = 0; round < rounds; round++) {
    times.bare.push(await allWriters(bare));
    times.governed.push(await allWriters(governed));
  }
  await pool.end();
  await business.drop();
  console.log("\n## Writes in changes.transaction\n");
  console.log(
    `${writers} writers, medians of ${rounds} interleaved rounds of ${writers * writesEach} transactions.\n`,
  );
  printTable(
    ["changes.transaction, a write", "bare transaction", "ratio"],
    [[ms(median(times.governed)), ms(median(times.bare)), ratio(median(times.governed), median(times.bare))]],
  );
};
