import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await api.pool.query("truncate orders, delivery_statuses, billing_records cascade");
});

const day = { customer_id: "cst_asha", delivery_date: "2026-03-10" };

const place = async (): Promise<string> => {
  const items = [{ product_id: "prd_milk", quantity: 2 }];
  return (await api.ask("POST /api/orders", { as: "admin", body: { ...day, items } })).id;
};

const confirm = (body: object) => api.ask("POST /api/deliveries/confirm", { as: "delivery", body });
const refusal = (body: object) => api.refusal("POST /api/deliveries/confirm", { as: "delivery", body });
const orders = async () =>
  (await api.pool.query("select status, delivered_at, status_before_delivery from orders order by id")).rows;

describe("while step 22 is rolled back", () => {
  beforeAll(() => rollBack(api, 22));

  test("confirming leaves the order as it is, and still works once", async () => {
    const order_id = await place();
    const { deliveries } = await confirm({ order_id });
    expect(deliveries).toMatchObject([{ order_id, status: "delivered" }]);
    expect(await orders()).toEqual([{ status: "PENDING", delivered_at: null, status_before_delivery: null }]);
    expect(await refusal({ order_id })).toEqual([409, "EB_ALREADY_CONFIRMED"]);
  });
});

describe("while step 20 is rolled back", () => {
  beforeAll(() => rollBack(api, 20));

  test("customer and date confirm everything open for them, once", async () => {
    await place();
    await place();
    expect(await refusal({ order_id: "ord_1" })).toEqual([400, "EB_CUSTOMER_AND_DATE_NEEDED"]);
    const { deliveries } = await confirm(day);
    expect(deliveries).toMatchObject([
      // Step 25 has gone with step 20, on which it depends.
      { status: "delivered", order_id: null, delivered_by: "usr_delivery", confirmed_by_user_id: null },
      { status: "delivered", order_id: null },
    ]);
    expect((await orders()).map(({ status }) => status)).toEqual(["PENDING", "PENDING"]);
    expect(await refusal(day)).toEqual([409, "EB_ALREADY_CONFIRMED"]);
  });

  test("a day on which nothing is to be delivered is not found", async () => {
    expect(await refusal(day)).toEqual([404, "EB_NOTHING_TO_DELIVER"]);
  });

  test("two who confirm at once confirm once", async () => {
    await place();
    const request = () => api.send("POST /api/deliveries/confirm", { as: "delivery", body: day });
    const lock = sql`select id from delivery_statuses for update`;
    const answers = await atOnce(api.db, lock, [request, request, request]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409]);
  });

  test("the route shows orders and deliveries side by side", async () => {
    await place();
    const { areas } = await api.ask("GET /api/deliveries/route", { as: "delivery" });
    expect(areas).toMatchObject([
      { stops: [{ deliveries: [{ order_id: null, status: "pending" }], orders: [{ status: "PENDING" }] }] },
    ]);
  });

  test("deliveries opened in the meantime are found when the step is applied again", async () => {
    const order_id = await place();
    await reapply(api, 20, 27);
    await api.pool.query("update delivery_statuses set order_id = null");
    const { deliveries } = await confirm({ order_id });
    expect(deliveries).toMatchObject([{ order_id, status: "delivered" }]);
    expect((await api.pool.query("select count(*) from delivery_statuses")).rows[0].count).toBe(1);
  });
});
