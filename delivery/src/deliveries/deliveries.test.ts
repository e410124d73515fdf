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
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses, billing_records cascade");
});

const today = "2026-03-10";

const place = async (changes: object = {}): Promise<string> => {
  const items = [
    { product_id: "prd_milk", quantity: 2 },
    { product_id: "prd_curd", quantity: 1 },
  ];
  const body = { customer_id: "cst_asha", delivery_date: today, items, ...changes };
  return (await api.ask("POST /api/orders", { as: "admin", body })).id;
};

const orderRow = async (id: string) =>
  (
    await api.pool.query(
      "select status, delivered_at, delivery_confirmed, status_before_delivery from orders where id = $1",
      [id],
    )
  ).rows[0];

const confirm = (body: object, as = "delivery") => api.ask("POST /api/deliveries/confirm", { as, body });
const refusal = (body: object, as = "delivery") => api.refusal("POST /api/deliveries/confirm", { as, body });

describe("confirming a delivery", () => {
  test("turns the order DELIVERED, remembers what it was, and records who confirmed from where", async () => {
    const order_id = await place();
    const { deliveries } = await api.ask("POST /api/deliveries/confirm", {
      as: "delivery",
      body: { order_id, notes: "At the gate" },
      headers: { "user-agent": "Phone" },
    });
    expect(deliveries).toMatchObject([
      {
        order_id,
        status: "delivered",
        delivery_date: today,
        notes: "At the gate",
        delivered_by: "usr_delivery",
        confirmed_by_user_id: "usr_delivery",
        confirmed_by_name: "delivery",
        confirmed_at: "2026-03-10T06:00:00.000Z",
        confirmation_method: "delivery",
        ip_address: "127.0.0.1",
        device_info: "Phone",
        items: [
          { product_id: "prd_milk", ordered_qty: 2, delivered_qty: 2, status: "full" },
          { product_id: "prd_curd", ordered_qty: 1, delivered_qty: 1, status: "full" },
        ],
      },
    ]);
    expect(await orderRow(order_id)).toEqual({
      status: "DELIVERED",
      delivered_at: new Date("2026-03-10T06:00:00Z"),
      delivery_confirmed: true,
      status_before_delivery: "PENDING",
    });
  });

  test("by an admin is recorded as such", async () => {
    const { deliveries } = await confirm({ order_id: await place() }, "admin");
    expect(deliveries[0].confirmation_method).toBe("admin");
  });

  test("twice is refused, and changes nothing", async () => {
    const order_id = await place();
    await confirm({ order_id });
    const before = await api.pool.query("select * from delivery_statuses");
    expect(await refusal({ order_id, notes: "again" })).toEqual([409, "EB_ALREADY_CONFIRMED"]);
    expect((await api.pool.query("select * from delivery_statuses")).rows).toEqual(before.rows);
  });

  test("by many at once succeeds once", async () => {
    const order_id = await place();
    const request = () => api.send("POST /api/deliveries/confirm", { as: "delivery", body: { order_id } });
    const answers = await atOnce(
      api.db,
      sql`select id from orders where id = ${order_id} for update`,
      Array(5).fill(request) as (typeof request)[],
    );
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409, 409, 409]);
    expect((await api.pool.query("select count(*) from delivery_statuses")).rows[0].count).toBe(1);
  });

  test("with less than ordered is a partial delivery, and the order is DELIVERED", async () => {
    const order_id = await place();
    const { deliveries } = await confirm({
      order_id,
      items: [
        { product_id: "prd_milk", delivered_qty: 1 },
        { product_id: "prd_curd", delivered_qty: 1 },
      ],
    });
    expect(deliveries[0]).toMatchObject({
      status: "partially_delivered",
      items: [{ status: "partial" }, { status: "full" }],
    });
    expect((await orderRow(order_id)).status).toBe("DELIVERED");
  });

  test.each(["failed", "shortage"])("as %s leaves the order as it was", async (status) => {
    const order_id = await place();
    const { deliveries } = await confirm({ order_id, status });
    expect(deliveries[0].status).toBe(status);
    expect(await orderRow(order_id)).toMatchObject({ status: "PENDING", delivered_at: null });
    expect(await refusal({ order_id })).toEqual([409, "EB_ALREADY_CONFIRMED"]);
  });

  test("without a date, an order is confirmed on its own day, and one for tomorrow is refused", async () => {
    const tomorrow = await place({ delivery_date: "2026-03-11" });
    expect(
      await api.refusal("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: tomorrow } }),
    ).toEqual([422, "EB_PHANTOM_DELIVERY"]);
    const early = await confirm({ order_id: tomorrow, delivery_date: today });
    expect(early.deliveries[0].delivery_date).toBe(today);
    const order_id = await place();
    api.clock.set("2026-03-20T06:00:00Z");
    const late = await confirm({ order_id });
    expect(late.deliveries[0].delivery_date).toBe(today);
  });

  test("before breakfast in Bengaluru it is today, although it is yesterday in UTC", async () => {
    api.clock.set("2026-03-09T23:00:00Z");
    const order_id = await place({ delivery_date: today });
    expect(await refusal({ order_id })).toEqual([422, "EB_PHANTOM_DELIVERY"]);
    api.clock.timeZone = "Asia/Kolkata";
    expect((await confirm({ order_id })).deliveries[0].delivery_date).toBe(today);
    api.clock.timeZone = "UTC";
  });

  test.each([
    ["no order", {}, 400, "EB_ORDER_ID_NEEDED"],
    ["an order that does not exist", { order_id: "ord_nothing" }, 404, "EB_ORDER_NOT_FOUND"],
    ["an id of another kind", { order_id: "cst_asha" }, 404, "EB_ORDER_NOT_FOUND"],
    ["an id that is not a text", { order_id: 7 }, 400, "EB_INVALID_REQUEST"],
    ["an id without end", { order_id: "o".repeat(65) }, 400, "EB_INVALID_REQUEST"],
    ["a status it cannot end in", { status: "pending" }, 400, "EB_INVALID_REQUEST"],
    ["a field nobody knows", { driver: "me" }, 400, "EB_INVALID_REQUEST"],
    ["a date that does not exist", { delivery_date: "2026-02-29" }, 400, "EB_INVALID_REQUEST"],
    ["a date to come", { delivery_date: "2026-03-11" }, 422, "EB_PHANTOM_DELIVERY"],
    ["a date two days before the order's", { delivery_date: "2026-03-08" }, 422, "EB_PHANTOM_DELIVERY"],
    ["another customer", { customer_id: "cst_binod" }, 422, "EB_ORDER_OF_OTHER_CUSTOMER"],
    [
      "more than was ordered",
      { items: [{ product_id: "prd_milk", delivered_qty: 3 }] },
      422,
      "EB_DELIVERED_QUANTITY",
    ],
    [
      "a negative quantity",
      { items: [{ product_id: "prd_milk", delivered_qty: -1 }] },
      422,
      "EB_DELIVERED_QUANTITY",
    ],
    [
      "an unknown product",
      { items: [{ product_id: "prd_gold", delivered_qty: 1 }] },
      422,
      "EB_DELIVERED_QUANTITY",
    ],
    ["half a litre", { items: [{ product_id: "prd_milk", delivered_qty: 0.5 }] }, 400, "EB_INVALID_REQUEST"],
  ])("with %s is refused and nothing is written", async (what, change, status, code) => {
    const order_id = await place();
    const body = what === "no order" ? {} : { order_id, ...change };
    expect(await refusal(body)).toEqual([status, code]);
    expect(await orderRow(order_id)).toMatchObject({ status: "PENDING" });
    const { rows } = await api.pool.query("select status, items from delivery_statuses");
    expect(rows).toEqual([{ status: "pending", items: null }]);
  });

  test("a day before and a day after the order's date pass", async () => {
    const order_id = await place({ delivery_date: "2026-03-11" });
    expect((await confirm({ order_id, delivery_date: today })).deliveries[0].delivery_date).toBe(today);
    const second = await place();
    api.clock.set("2026-03-11T06:00:00Z");
    await confirm({ order_id: second, delivery_date: "2026-03-11" });
  });

  test("a cancelled order is refused", async () => {
    const order_id = await place();
    await api.ask(`POST /api/orders/${order_id}/cancel`, { as: "admin" });
    expect(await refusal({ order_id })).toEqual([422, "EB_PHANTOM_DELIVERY"]);
  });

  test.each(["support", "customer", "marketing", "supplier"])("is not for the role %s", async (role) => {
    expect(await refusal({ order_id: await place() }, role)).toEqual([403, "EB_FORBIDDEN"]);
  });
});

describe("the route of the day", () => {
  test("goes by area, with what to hand over where", async () => {
    const first = await place();
    await place({ customer_id: "cst_binod" });
    await place({ customer_id: "cst_chitra", delivery_date: "2026-03-11" });
    await confirm({ order_id: first });
    const route = await api.ask("GET /api/deliveries/route", { as: "delivery" });
    expect(route.date).toBe(today);
    expect(route.areas.map(({ area }: { area: string }) => area)).toEqual(["Indiranagar", "Jayanagar"]);
    const [indiranagar, jayanagar] = route.areas;
    expect(indiranagar.stops).toMatchObject([
      {
        customer_id: "cst_binod",
        address: "1 Binod Street",
        open: true,
        deliveries: [{ status: "pending" }],
        orders: [{ status: "PENDING", items: [{ name: "Milk", quantity: 2 }, { name: "Curd" }] }],
      },
    ]);
    expect(jayanagar.stops).toMatchObject([{ customer_id: "cst_asha", open: false }]);
  });

  test("comes in pages, and by area", async () => {
    for (const customer_id of ["cst_asha", "cst_binod", "cst_chitra"]) await place({ customer_id });
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page: { areas: { stops: { name: string }[] }[]; next_cursor: string | null } = await api.ask(
        `GET /api/deliveries/route?date=${today}&limit=1${cursor ? `&cursor=${cursor}` : ""}`,
        { as: "delivery" },
      );
      seen.push(...page.areas.flatMap(({ stops }) => stops.map(({ name }) => name)));
      cursor = page.next_cursor;
    } while (cursor);
    expect(seen).toEqual(["Binod", "Chitra", "Asha"]);
    const jayanagar = await api.ask("GET /api/deliveries/route?area=Jayanagar", { as: "operator" });
    expect(jayanagar.areas).toHaveLength(1);
  });

  test("is not for customers", async () => {
    expect(await api.refusal("GET /api/deliveries/route", { as: "customer" })).toEqual([403, "EB_FORBIDDEN"]);
  });
});

test("the office lists deliveries by what became of them, page by page", async () => {
  await confirm({ order_id: await place() });
  await place({ delivery_date: "2026-03-11" });
  const list = (query: string) => api.ask(`GET /api/deliveries?${query}`, { as: "support" });
  expect((await list("status=delivered")).items).toMatchObject([{ delivery_date: today }]);
  const first = await list("limit=1");
  expect(first.items).toMatchObject([{ delivery_date: "2026-03-11", status: "pending" }]);
  const second = await list(`limit=1&cursor=${first.next_cursor}`);
  expect(second).toMatchObject({ items: [{ delivery_date: today }], next_cursor: null });
});

describe("while one of the steps is switched off", () => {
  test("27: a phantom delivery passes", async () => {
    await rollBack(api, 27);
    const order_id = await place();
    await api.ask(`POST /api/orders/${order_id}/cancel`, { as: "admin" });
    await confirm({ order_id, delivery_date: "2026-04-20" });
    await reapply(api, 27);
    expect((await orderRow(order_id)).status).toBe("DELIVERED");
  });

  test("26: quantities are neither checked nor kept", async () => {
    await rollBack(api, 26);
    const items = [{ product_id: "prd_gold", delivered_qty: -5 }];
    const { deliveries } = await confirm({ order_id: await place(), items });
    await reapply(api, 26);
    expect(deliveries).toMatchObject([{ status: "delivered", items: null }]);
  });

  test("25: nobody learns who confirmed", async () => {
    await rollBack(api, 25);
    const { deliveries } = await confirm({ order_id: await place() });
    await reapply(api, 25);
    expect(deliveries).toMatchObject([
      {
        status: "delivered",
        delivered_by: "usr_delivery",
        confirmed_by_user_id: null,
        confirmed_at: null,
        confirmation_method: null,
        ip_address: null,
      },
    ]);
  });
});
