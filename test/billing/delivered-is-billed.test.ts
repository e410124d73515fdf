import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, reapply, startApi } from "../support/api.ts";
import { carryOut, pricePaise, type World } from "./carry-out.ts";
import { type Happening, history, months } from "./happening.ts";

const long = process.env.TEST_LONG !== undefined;

let api: Api;
beforeAll(async () => {
  api = await startApi();
  api.clock.set("2026-03-31T06:00:00Z");
});
afterAll(() => api.stop());

const numbers = async (query: string, values: unknown[] = []): Promise<Record<string, number>> => {
  const { rows } = await api.pool.query(query, values);
  return Object.fromEntries(rows.map(({ key, paise }) => [key, paise]));
};

/** What bills that are issued or paid charge: it never changes. */
const finalBills = () =>
  numbers(
    "select created_at::text || covers || abs(amount_paise) as key, sum(amount_paise)::bigint as paise from billing_records where status in ('issued', 'paid') group by 1",
  );

/** Each order's day with what was handed over of it, added up here and not by the code under test. */
const delivered = async (): Promise<Record<string, number>> => {
  const { rows } = await api.pool.query(
    `select o.delivery_date as day, (o.items -> 0 ->> 'quantity')::int as ordered,
       (d.items -> 0 ->> 'delivered_qty')::int as handed_over
     from orders o join delivery_statuses d on d.customer_id = o.customer_id and d.delivery_date = o.delivery_date
     where d.status in ('delivered', 'partially_delivered')`,
  );
  const paise = rows.map(({ day, ordered, handed_over }) => [day, (handed_over ?? ordered) * pricePaise]);
  return Object.fromEntries(paise.filter(([, amount]) => amount !== 0));
};

const billed = () =>
  numbers(
    `select o.delivery_date as key, sum(l.amount_paise)::bigint as paise
     from bill_lines l join billing_records b on b.id = l.bill_id join orders o on o.id = l.order_id
     where b.status <> 'void' group by 1 having sum(l.amount_paise) <> 0`,
  );

const oneHistory = async (world: World, happenings: readonly Happening[]): Promise<void> => {
  await reapply(api, 19, 30);
  await api.pool.query("truncate orders, delivery_statuses, billing_records, billing_runs cascade");
  world.placed = 0;
  for (const happening of happenings) {
    const before = happening.kind === "bill" ? await finalBills() : {};
    await carryOut(world, happening);
    if (happening.kind === "bill") expect(await finalBills()).toEqual(before);
  }
  await reapply(api, 19, 30);
  // Each month has its run at least once; then the current one alone finds whatever is late.
  for (const [month, period] of months.entries()) {
    const { rows } = await api.pool.query("select from billing_runs where period = $1", [`${period}-01`]);
    if (rows.length === 0) await carryOut(world, { kind: "bill", month });
  }
  await carryOut(world, { kind: "bill", month: 2 });
  expect(await billed()).toEqual(await delivered());
  const total = Object.values(await delivered()).reduce((sum, paise) => sum + paise, 0);
  expect(
    await numbers(
      "select 'all' as key, coalesce(sum(amount_paise), 0)::bigint as paise from billing_records where status <> 'void'",
    ),
  ).toEqual({ all: total });
  const again = await api.ask("POST /api/billing/generate", { as: "admin", body: { period: "2026-03" } });
  expect(Object.values(again).filter((count) => typeof count === "number" && count > 0)).toEqual([]);
};

test(
  "whatever is delivered, confirmed late, corrected, issued, voided and rolled back: paise delivered are paise billed",
  async () => {
    const world: World = { api, placed: 0, done: new Map() };
    await fc.assert(
      fc.asyncProperty(history(long ? 4 : 1, long ? 30 : 12), (happenings) => oneHistory(world, happenings)),
      { numRuns: long ? 500 : 14, endOnFailure: !long, ...(!long && { seed: 23 }) },
    );
    for (const kind of ["order", "confirm", "correct", "bill", "issue", "pay", "void", "move"] as const)
      expect(world.done.get(kind) ?? 0, kind).toBeGreaterThan(0);
  },
  long ? 3_600_000 : 60_000,
);
