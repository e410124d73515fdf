import { asked, createOrders, settle } from "../business.ts";
import { median, ms, printTable, thousands } from "../figures.ts";

const size = 1_000_000;
const rounds = 2;

/** Measures each step while one operation rolls back all twelve and another re-applies them. */
export const benchEveryStep = async (url: string): Promise<void> => {
  console.error(`every step, ${thousands(size)} orders ...`);
  const business = await createOrders(url, size);
  const back = new Map<number, number[]>();
  const forth = new Map<number, number[]>();
  const note = (times: Map<number, number[]>, steps: readonly { step: number; duration_ms: number }[]) => {
    for (const { step, duration_ms } of steps) times.set(step, [...(times.get(step) ?? []), duration_ms]);
  };
  for (let round = 0; round < rounds; round++) {
    note(back, (await business.manager.rollbackSteps(30, 19, asked)).steps);
    await settle(business);
    note(forth, (await business.manager.reapplySteps(19, 30, asked)).steps);
    await settle(business);
  }
  await business.drop();
  console.log("\n## Every step\n");
  console.log(`${thousands(size)} orders and as many deliveries; medians of ${rounds} rounds.\n`);
  printTable(
    ["step", "rollback", "re-apply"],
    [...forth].map(([step, times]) => [String(step), ms(median(back.get(step) ?? [])), ms(median(times))]),
  );
};
