import type { startLoad } from "../../test/deployment/load.ts";
import { startOwnDatabase } from "../../test/deployment/own-database.ts";
import { Production } from "../../test/deployment/production.ts";

/** Runs the shop of the tests in production, with a server of its own, and closes both. */
export const withShop = async <T>(
  settings: Record<string, string>,
  work: (production: Production) => Promise<T>,
): Promise<T> => {
  const production = await Production.open(settings, await startOwnDatabase());
  try {
    return await work(production);
  } finally {
    await production.close();
  }
};

/** The time of a request or of `performance.now()` in milliseconds since 1970, as in journals. */
export const wallClockMs = (monotonicMs: number): number => performance.timeOrigin + monotonicMs;

export type Load = ReturnType<typeof startLoad>;

/** The orders of a load that were not executed exactly once. */
export const wronglyExecuted = async (production: Production, load: Load): Promise<number> => {
  const keys = load.sent.filter(({ kind }) => kind === "order").map(({ key }) => key);
  const { rows } = await production.pool.query<{ once: number }>(
    `select count(*)::int as once from (
       select key from executions where key = any($1) group by key having count(*) = 1) as executed`,
    [keys],
  );
  return keys.length - (rows[0]?.once ?? 0);
};
