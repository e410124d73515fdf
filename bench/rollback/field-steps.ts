import { sql } from "kysely";
import type { DeliveryDatabase } from "../../delivery/src/database.ts";
import { asked, type Business, createOrders, createPeople, timedAndAborted } from "../business.ts";
import { median, ms, printTable, ratio, thousands } from "../figures.ts";

const sizes = [10_000, 100_000, 1_000_000];
const rounds = 5;

/** The prototype's rollback: an UPDATE that clears the fields irreversibly. */
const clearFields: Record<number, (tx: DeliveryDatabase) => Promise<unknown>> = {
  19: (tx) => sql`update orders set subscription_id = null`.execute(tx),
  20: (tx) => sql`update delivery_statuses set order_id = null`.execute(tx),
  21: async (tx) => {
    await sql`update users set customer_id = null`.execute(tx);
    await sql`update customers set user_id = null`.execute(tx);
  },
  25: (tx) =>
    sql`update delivery_statuses set confirmed_by_user_id = null, confirmed_by_name = null, confirmed_at = null,
      confirmation_method = null, ip_address = null, device_info = null`.execute(tx),
  26: (tx) => sql`update delivery_statuses set items = null`.execute(tx),
};

interface Figures {
  step: number;
  size: number;
  back: number;
  forth: number;
  whole: number;
  update: number;
}

/** Measures steps 19, 20, 21, 25 and 26 against an UPDATE that clears the same fields. */
export const benchFieldSteps = async (url: string): Promise<void> => {
  const figures: Figures[] = [];
  const answers: string[][] = [];
  for (const size of sizes) {
    console.error(`field steps, ${thousands(size)} rows ...`);
    const orders = await createOrders(url, size);
    answers.push([thousands(size), ms(await timeStatus(orders))]);
    for (const step of [26, 25]) figures.push(await measureStep(orders, step, size));
    // Roll back the dependents first, so that the rounds move only the measured step.
    await orders.manager.rollbackSteps(22, 27, asked);
    figures.push(await measureStep(orders, 20, size));
    await orders.manager.rollbackStep(20, asked);
    figures.push(await measureStep(orders, 19, size));
    await orders.drop();
    const people = await createPeople(url, size);
    figures.push(await measureStep(people, 21, size));
    await people.drop();
  }
  console.log("\n## Status of the steps\n");
  printTable(["orders", "status of the twelve steps"], answers);
  console.log("\n## Field steps and an UPDATE that clears the fields\n");
  console.log(`Medians of ${rounds} interleaved rounds. The UPDATE is timed without its commit.\n`);
  const ordered = figures.sort((a, b) => a.step - b.step || a.size - b.size);
  printTable(
    [
      "step",
      "rows",
      "rollback's transaction",
      "re-apply's",
      "whole command, with checks",
      "clearing UPDATE",
      "UPDATE / rollback",
      "UPDATE / re-apply",
      "rollback against 10,000 rows",
      "re-apply against 10,000 rows",
    ],
    ordered.map(({ step, size, back, forth, whole, update }) => {
      const smallest = ordered.find((other) => other.step === step);
      return [
        String(step),
        thousands(size),
        ms(back),
        ms(forth),
        ms(whole),
        ms(update),
        thousands(Math.round(update / back)),
        thousands(Math.round(update / forth)),
        ratio(back, smallest?.back),
        ratio(forth, smallest?.forth),
      ];
    }),
  );
};

const timeStatus = async ({ manager }: Business): Promise<number> => {
  const took: number[] = [];
  for (let n = 0; n < 50; n++) {
    const startMs = performance.now();
    await manager.getStatus();
    took.push(performance.now() - startMs);
  }
  return median(took);
};

const measureStep = async (business: Business, step: number, size: number): Promise<Figures> => {
  const { manager } = business;
  const back: number[] = [];
  const forth: number[] = [];
  const whole: number[] = [];
  const update: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const rolledBack = await manager.rollbackStep(step, asked);
    back.push(rolledBack.steps[0]?.duration_ms ?? Number.NaN);
    whole.push(rolledBack.total_ms);
    const reapplied = await manager.reapplyStep(step, asked);
    forth.push(reapplied.steps[0]?.duration_ms ?? Number.NaN);
    const clear = clearFields[step];
    // The large size is measured twice only: its spread is small.
    if (clear && (round < 2 || size < 1_000_000)) update.push(await timedAndAborted(business, clear));
  }
  return {
    step,
    size,
    back: median(back),
    forth: median(forth),
    whole: median(whole),
    update: median(update),
  };
};
