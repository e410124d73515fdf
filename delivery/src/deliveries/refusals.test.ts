import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(() => api.pool.query("truncate orders, delivery_statuses, shared_links cascade"));

const place = async (): Promise<string> => {
  const body = { delivery_date: "2026-03-10", items: [{ product_id: "prd_milk", quantity: 1 }] };
  return (await api.ask("POST /api/orders", { as: "customer", body })).id;
};

const confirm = (body: object) => api.refusal("POST /api/deliveries/confirm", { as: "delivery", body });
const refused = [422, "EB_PHANTOM_DELIVERY"];

const recorded = async () =>
  (await api.pool.query("select order_id, delivery_date, code from refused_confirmations order by id")).rows;

const wouldPass = async (): Promise<unknown> => {
  const { steps } = await api.engine.dryRunRollback(27);
  return steps[0]?.impact.find(({ label }) => label.startsWith("confirmations refused"))?.value;
};

test("what step 27 refuses is recorded, and the dry run of its rollback counts it", async () => {
  const [order_id, cancelled] = [await place(), await place()];
  await api.ask(`POST /api/orders/${cancelled}/cancel`, { as: "customer" });
  expect(await confirm({ order_id, delivery_date: "2026-03-11" })).toEqual(refused);
  expect(await confirm({ order_id, delivery_date: "2026-03-08" })).toEqual(refused);
  expect(await confirm({ order_id: cancelled })).toEqual(refused);
  const code = "EB_PHANTOM_DELIVERY";
  expect(await recorded()).toEqual([
    { order_id, delivery_date: "2026-03-11", code },
    { order_id, delivery_date: "2026-03-08", code },
    { order_id: cancelled, delivery_date: "2026-03-10", code },
  ]);
  await api.pool.query("update refused_confirmations set at = now()");
  expect(await wouldPass()).toBe(3);
});

test("other refusals are not recorded, nor is a confirmation that passes", async () => {
  const order_id = await place();
  const items = [{ product_id: "prd_milk", delivered_qty: 7 }];
  expect(await confirm({ order_id, items })).toEqual([422, "EB_DELIVERED_QUANTITY"]);
  await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id } });
  expect(await recorded()).toEqual([]);
});

test("a shared link that comes too early is recorded, too", async () => {
  const body = { delivery_date: "2026-03-12", items: [{ product_id: "prd_milk", quantity: 1 }] };
  const { id } = await api.ask("POST /api/orders", { as: "customer", body });
  const { path } = await api.ask("POST /api/shared-links", {
    as: "customer",
    body: { delivery_date: "2026-03-12" },
  });
  expect(await api.refusal(`POST ${path}/confirm`)).toEqual(refused);
  expect(await recorded()).toMatchObject([{ order_id: id, delivery_date: "2026-03-12" }]);
});

test("while step 27 is rolled back nothing is refused, and nothing is looked for that is not there", async () => {
  const first = await place();
  await confirm({ order_id: first, delivery_date: "2026-03-11" });
  await rollBack(api, 27);
  await api.ask("POST /api/deliveries/confirm", {
    as: "delivery",
    body: { order_id: first, delivery_date: "2026-04-20" },
  });
  await reapply(api, 27);
  expect(await recorded()).toMatchObject([{ order_id: first, delivery_date: "2026-03-11" }]);
});

test("a record that cannot be written leaves the refusal as it is", async () => {
  const order_id = await place();
  await api.pool.query("alter table refused_confirmations rename to elsewhere");
  expect(await confirm({ order_id, delivery_date: "2026-03-11" })).toEqual(refused);
  await api.pool.query("alter table elsewhere rename to refused_confirmations");
});
