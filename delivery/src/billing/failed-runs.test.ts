import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";
import { endMendedFailures } from "./failed-runs.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
  const place = (customer: string, quantity: number) =>
    api.ask("POST /api/orders", {
      as: "admin",
      body: {
        customer_id: customer,
        delivery_date: "2026-03-10",
        items: [{ product_id: "prd_curd", quantity }],
      },
    });
  for (const { id } of [
    await place("cst_asha", 1),
    await place("cst_asha", 2),
    await place("cst_binod", 1),
  ]) {
    await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } });
  }
  await api.pool.query(`
    create function refuse() returns trigger language plpgsql as
      $$ begin raise exception 'the disk of bills is full'; end $$`);
});
afterAll(() => api.stop());

/** Runs fail that have a bill to write, or all of them. */
const breakBilling = (each: "row" | "statement" = "row") =>
  api.pool.query(
    `create trigger refuse before insert on billing_records for each ${each} execute function refuse()`,
  );
const mendBilling = () => api.pool.query("drop trigger refuse on billing_records");
const send = (period: string) => api.send("POST /api/billing/generate", { as: "operator", body: { period } });

test("a run that fails raises BILLING_FAILURE with whom and how much it concerns; one that succeeds ends it", async () => {
  await breakBilling();
  expect((await send("2026-03")).statusCode).toBe(500);
  expect((await send("2026-03")).statusCode).toBe(500);
  expect(api.alerts.active()).toMatchObject([
    {
      type: "BILLING_FAILURE",
      severity: "critical",
      key: "2026-03",
      details: {
        period: "2026-03",
        reason: "the disk of bills is full",
        customers: 2,
        amount_paise: 14_000,
        occurrences: 2,
      },
    },
  ]);
  expect((await send("2026-02")).statusCode).toBe(200);
  expect(api.alerts.active()).toHaveLength(1);
  await mendBilling();
  expect((await send("2026-03")).statusCode).toBe(200);
  expect(api.alerts.active()).toEqual([]);
});

test("the customers concerned are counted as soon as possible, where it could not at first", async () => {
  const details = () => api.alerts.active()[0]?.details;
  await api.pool.query("update orders set billed = false; truncate billing_records cascade");
  await api.pool.query("alter table orders rename to away");
  await send("2026-03");
  await api.pool.query("alter table away rename to orders");
  expect(details()).toEqual({ period: "2026-03", reason: expect.any(String), occurrences: 1 });
  await breakBilling();
  await send("2026-03");
  await mendBilling();
  expect(details()).toMatchObject({ customers: 2, amount_paise: 14_000, occurrences: 2 });
  await send("2026-03");
});

test("a month to come is the asker's mistake, and no failure", async () => {
  expect((await send("2026-04")).statusCode).toBe(422);
  expect(api.alerts.active()).toEqual([]);
});

test.each([
  ["writes the bills", "truncate billing_records cascade; update orders set billed = false"],
  ["corrects drafts", "update billing_records set amount_paise = 1"],
  ["finds nothing to bill", "select 1"],
])("a run on another instance that succeeds ends it, too, also one that %s", async (_, before) => {
  const other = await startApi({ beside: api });
  api.clock.advanceMs(3_600_000);
  other.clock.set(api.clock.now().toISOString());
  await api.pool.query(before);
  await breakBilling("statement");
  await send("2026-03");
  await endMendedFailures(api);
  expect(api.alerts.active()).toHaveLength(1);
  await mendBilling();
  other.clock.advanceMs(60_000);
  await other.ask("POST /api/billing/generate", { as: "operator", body: { period: "2026-02" } });
  await endMendedFailures(api);
  expect(api.alerts.active()).toHaveLength(1);
  await other.ask("POST /api/billing/generate", { as: "operator", body: { period: "2026-03" } });
  await endMendedFailures(api);
  expect(api.alerts.active()).toEqual([]);
  await other.stop();
});
