import { sql } from "kysely";
import { type Business, createBusiness, withServer } from "./business.ts";
import { median, ms, printTable, timed } from "./figures.ts";

const sizes = [10_000, 100_000, 1_000_000];
const rounds = 5;
const asked = { requestedBy: "bench", origin: "bench", reason: "to measure it" };

/** Rollback of step 19 beside the plain UPDATE that empties the same column, at three sizes. */
export const rollbackBench = (): Promise<void> =>
  withServer(async (url) => {
    const rows: string[][] = [];
    for (const size of sizes) {
      console.error(`${size.toLocaleString("en")} orders ...`);
      const business = await createBusiness(url, `orders_${size}`, size);
      rows.push(await compareStep19(business, size));
      await business.close();
    }
    console.log("\n## Rollback of step 19 beside the plain emptying UPDATE\n");
    console.log(
      `Medians of ${rounds} interleaved rounds; the UPDATE is rolled back each time and so is not charged its commit.\n`,
    );
    printTable(
      [
        "orders",
        "step's transaction",
        "re-apply's transaction",
        "whole rollback with checks",
        "emptying UPDATE",
        "UPDATE / transaction",
      ],
      rows,
    );
  });

const compareStep19 = async ({ db, manager }: Business, size: number): Promise<string[]> => {
  const back: number[] = [];
  const forth: number[] = [];
  const whole: number[] = [];
  const update: number[] = [];
  // What depends on step 19 goes first, once, so that only step 19 moves in the rounds.
  await manager.rollbackSteps(22, 20, { ...asked, acknowledge: ["login broken"] });
  for (let round = 0; round < rounds; round++) {
    const rolledBack = await manager.rollbackStep(19, asked);
    back.push(rolledBack.steps[0]?.duration_ms ?? Number.NaN);
    whole.push(rolledBack.total_ms);
    const reapplied = await manager.reapplyStep(19, asked);
    forth.push(reapplied.steps[0]?.duration_ms ?? Number.NaN);
    update.push(await emptyingUpdate(db));
  }
  const figures = { back: median(back), forth: median(forth), whole: median(whole), update: median(update) };
  return [
    size.toLocaleString("en"),
    ms(figures.back),
    ms(figures.forth),
    ms(figures.whole),
    ms(figures.update),
    Math.round(figures.update / figures.back).toLocaleString("en"),
  ];
};

/** What the prototype did: lossy, so it is measured in a transaction that is rolled back. */
const emptyingUpdate = async (db: Business["db"]): Promise<number> => {
  let duration = Number.NaN;
  await db
    .transaction()
    .execute(async (tx) => {
      duration = await timed(() => sql`update orders set subscription_id = null`.execute(tx));
      throw new Aborted();
    })
    .catch((error: unknown) => {
      if (!(error instanceof Aborted)) throw error;
    });
  await sql`vacuum orders`.execute(db);
  return duration;
};

class Aborted extends Error {}
