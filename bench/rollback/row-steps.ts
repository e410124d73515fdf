import { sql } from "kysely";
import type { DeliveryDatabase } from "../../delivery/src/database.ts";
import { asked, type Business, createOrders, settle, timedAndAborted } from "../business.ts";
import { median, ms, printTable, ratio, thousands } from "../figures.ts";

const size = 1_000_000;
const rounds = 3;

const lossyStatus = (tx: DeliveryDatabase) =>
  sql`update orders set status = status_before_delivery where status = 'DELIVERED' and status_before_delivery is not null`.execute(
    tx,
  );

/** Rewrites the same keys and references, each one letter longer: the minimum that any rewrite writes. */
const plainRewrite = async (tx: DeliveryDatabase) => {
  await sql`set local session_replication_role = replica`.execute(tx);
  await sql`update customers set id = 'x' || id, user_id = 'x' || user_id`.execute(tx);
  await sql`update products set id = 'x' || id`.execute(tx);
  await sql`update subscriptions set id = 'x' || id, customer_id = 'x' || customer_id, product_id = 'x' || product_id`.execute(
    tx,
  );
  const itemsWritten = sql`items = jsonb_set(items, '{0,product_id}', to_jsonb('x' || (items -> 0 ->> 'product_id')))`;
  await sql`update orders set id = 'x' || id, customer_id = 'x' || customer_id, subscription_id = 'x' || subscription_id, ${itemsWritten}`.execute(
    tx,
  );
  await sql`update delivery_statuses set id = 'x' || id, customer_id = 'x' || customer_id, order_id = 'x' || order_id, ${itemsWritten}`.execute(
    tx,
  );
};

/** Compares steps 22 and 29 with an UPDATE of the same rows, and the dry run with the rollback. */
export const benchRowSteps = async (url: string): Promise<void> => {
  console.error(`steps 22 and 29, ${thousands(size)} orders ...`);
  const business = await createOrders(url, size);
  await business.manager.rollbackStep(23, asked);
  const rows = await measure(business, 22, lossyStatus, "the lossy UPDATE of the same rows");
  await business.manager.reapplyStep(23, asked);
  rows.push(
    ...(await measure(business, 29, plainRewrite, "the plain UPDATE of the same keys and references")),
  );
  await business.drop();
  console.log("\n## Steps that write rows and a plain UPDATE\n");
  console.log(
    `${thousands(size)} orders and as many deliveries, a third of them delivered; medians of ${rounds} interleaved rounds. If the UPDATE is measured in both states, each direction is compared with the UPDATE that writes ids of the same style.\n`,
  );
  printTable(["step", "what", "takes", "reference", "takes", "ratio"], rows);
};

const measure = async (
  business: Business,
  step: number,
  reference: (tx: DeliveryDatabase) => Promise<unknown>,
  referenceName: string,
): Promise<string[][]> => {
  const { manager } = business;
  const times = {
    plainApplied: [] as number[],
    plainRolledBack: [] as number[],
    dry: [] as number[],
    back: [] as number[],
    whole: [] as number[],
    forth: [] as number[],
  };
  let heapBytes = 0;
  const onProgress = () => {
    heapBytes = Math.max(heapBytes, process.memoryUsage().heapUsed);
  };
  for (let round = 0; round < rounds; round++) {
    times.plainApplied.push(await timedAndAborted(business, reference));
    times.dry.push((await manager.dryRunRollback(step, step, { execute: true })).total_ms);
    await settle(business);
    const rolledBack = await manager.rollbackStep(step, { ...asked, onProgress });
    times.back.push(rolledBack.steps[0]?.duration_ms ?? Number.NaN);
    times.whole.push(rolledBack.total_ms);
    await settle(business);
    // The rollback of step 22 removes the column that its UPDATE reads.
    if (step === 29) times.plainRolledBack.push(await timedAndAborted(business, reference));
    const reapplied = await manager.reapplyStep(step, { ...asked, onProgress });
    times.forth.push(reapplied.steps[0]?.duration_ms ?? Number.NaN);
    await settle(business);
  }
  const { plainApplied, plainRolledBack, dry, back, whole, forth } = times;
  const line = (what: string, took: number[], than: string, other: number[]) => [
    String(step),
    what,
    ms(median(took)),
    than,
    ms(median(other)),
    ratio(median(took), median(other)),
  ];
  return [
    line(
      "rollback's transaction",
      back,
      referenceName,
      plainRolledBack.length > 0 ? plainRolledBack : plainApplied,
    ),
    line("re-apply's transaction", forth, referenceName, plainApplied),
    line("dry run, whole", dry, "rollback, whole", whole),
    [String(step), "peak Node heap during the step", `${Math.round(heapBytes / 1_048_576)} MB`, "", "", ""],
  ];
};
