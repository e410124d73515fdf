import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, type ApiRequest, reapply, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
  // After one round trip every row has an id of either style.
  await rollBack(api, 29);
  await reapply(api, 29);
});

afterAll(() => api.stop());

beforeEach(async () => {
  await reapply(api, 29);
  await api.pool.query("truncate orders, delivery_statuses, billing_records, subscriptions cascade");
});

const today = "2026-03-10";
const legacy = async (table: string, id: string): Promise<string> =>
  (await api.pool.query(`select old_id from earlybird.ids_${table} where new_id = $1`, [id])).rows[0].old_id;

const place = async (as = "customer"): Promise<string> => {
  const items = [{ product_id: "prd_milk", quantity: 1 }];
  return (await api.ask("POST /api/orders", { as, body: { delivery_date: today, items } })).id;
};

describe.each(["applied", "rolled back"])("while step 29 is %s", (state) => {
  const enter = () => (state === "applied" ? reapply(api, 29) : rollBack(api, 29));
  const current = (id: string, table: string) => (state === "applied" ? id : legacy(table, id));

  /** An order with an id of either style. */
  const orderOfOld = async (): Promise<string[]> => {
    const id = await place();
    await rollBack(api, 29);
    await enter();
    return [id, await legacy("orders", id)];
  };

  test("a path takes an id of either style, and answers with the current one", async () => {
    for (const id of await orderOfOld()) {
      const order = await api.ask(`GET /api/orders/${id}`, { as: "customer" });
      expect(order.customer_id).toBe(await current("cst_asha", "customers"));
      expect(order.items).toMatchObject([{ product_id: await current("prd_milk", "products") }]);
      expect(await api.refusal(`GET /api/orders/${id}`, { as: "binod" })).toEqual([
        404,
        "EB_ORDER_NOT_FOUND",
      ]);
    }
  });

  test("so do a query and a body", async () => {
    const orders = await orderOfOld();
    for (const customer_id of ["cst_asha", await legacy("customers", "cst_asha")]) {
      const list = await api.ask(`GET /api/orders?customer_id=${customer_id}`, { as: "support" });
      expect(list.items).toHaveLength(1);
      for (const product_id of ["prd_curd", await legacy("products", "prd_curd")]) {
        const body = { customer_id, delivery_date: "2026-03-12", items: [{ product_id, quantity: 1 }] };
        await api.ask("POST /api/orders", { as: "customer", body });
        const subscription = { customer_id, product_id, quantity: 1, schedule: "daily" };
        await api.ask("POST /api/subscriptions", { as: "support", body: subscription });
      }
      await api.pool.query("delete from delivery_statuses where delivery_date = '2026-03-12'");
      await api.pool.query("delete from orders where delivery_date = '2026-03-12'");
    }
    const [order_id, product_id] = [orders[1], await legacy("products", "prd_milk")];
    const body = { order_id, items: [{ product_id, delivered_qty: 1 }] };
    const { deliveries } = await api.ask("POST /api/deliveries/confirm", { as: "delivery", body });
    expect(deliveries).toMatchObject([
      { order_id: await current(orders[0] ?? "", "orders"), status: "delivered" },
    ]);
  });

  test("a session outlives the rewriting", async () => {
    await enter();
    const { id } = await api.ask("GET /api/auth/me", { as: "admin" });
    expect(id).toBe(await current("usr_admin", "users"));
  });
});

test("an id of the other style costs one query more, and a current one none", async () => {
  const id = await place();
  await rollBack(api, 29);
  await reapply(api, 29);
  const acquired = async (asked: string): Promise<number> => {
    let connections = 0;
    const count = () => {
      connections += 1;
    };
    api.pool.on("acquire", count);
    await api.ask(`GET /api/orders/${asked}`, { as: "customer" });
    api.pool.off("acquire", count);
    return connections;
  };
  const [current, other] = [await acquired(id), await acquired(await legacy("orders", id))];
  expect([current, other]).toEqual([2, 3]);
});

test("an id that has never been is not found, in either style", async () => {
  for (const id of ["ord_nobody", "order-999999"]) {
    expect(await api.refusal(`GET /api/orders/${id}`, { as: "admin" })).toEqual([404, "EB_ORDER_NOT_FOUND"]);
  }
});

test("a list goes on after its ids have been rewritten", async () => {
  for (let n = 0; n < 5; n += 1) await place();
  const page = (cursor?: string) =>
    api.ask(`GET /api/orders?limit=2${cursor ? `&cursor=${cursor}` : ""}`, { as: "customer" });
  const first = await page();
  await rollBack(api, 29);
  const second = await page(first.next_cursor);
  await reapply(api, 29);
  const third = await page(second.next_cursor);
  const ids = [...first.items, ...second.items, ...third.items].map(({ id }) => id);
  const styles = ids.map((id) => id.replace(/[\d-].*|[0-9a-f-]{36}$/, ""));
  expect(styles).toEqual(["ord_", "ord_", "order", "order", "ord_"]);
  const known = await Promise.all(ids.map((id) => (id.startsWith("ord_") ? legacy("orders", id) : id)));
  expect(new Set(known).size).toBe(5);
});

type RequestMade = [route: string, request: ApiRequest];

const link = async (): Promise<string> =>
  (await api.ask("POST /api/shared-links", { as: "customer", body: { delivery_date: today } })).path;

describe("whenever step 29 moves during a request", () => {
  /** Sends a request, and has step 29 rolled back right before its nth connection to the database. */
  const moveBefore = async (nth: number, route: string, request: ApiRequest) => {
    const { pool } = api;
    const original = pool.connect.bind(pool);
    let connections = 0;
    let moved = false;
    pool.connect = (async () => {
      connections += 1;
      if (connections === nth) {
        pool.connect = original;
        moved = true;
        await api.engine.rollbackStep(29, { ...api.operator, reason: "race", acknowledge: ["id rewrite"] });
      }
      return original();
    }) as typeof pool.connect;
    const answer = await api.send(route, request);
    pool.connect = original;
    return { answer, moved };
  };

  test.each([
    ["an order is found", (id: string) => [`GET /api/orders/${id}`, { as: "customer" }]],
    ["a customer's own list is complete", () => ["GET /api/orders", { as: "customer" }]],
    ["a list by customer is complete", () => ["GET /api/orders?customer_id=cst_asha", { as: "support" }]],
    ["an order is cancelled", (id: string) => [`POST /api/orders/${id}/cancel`, { as: "customer" }]],
    [
      "a delivery is confirmed",
      (id: string) => ["POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } }],
    ],
    [
      "an order is placed",
      () => [
        "POST /api/orders",
        {
          as: "customer",
          body: {
            customer_id: "cst_asha",
            delivery_date: today,
            items: [{ product_id: "prd_milk", quantity: 1 }],
          },
        },
      ],
    ],
    ["a login finds itself", () => ["GET /api/auth/me", { as: "customer" }]],
    ["a shared link shows its parcel", async () => [`GET ${await link()}`, {}]],
    ["a shared link confirms", async () => [`POST ${await link()}/confirm`, {}]],
  ] as [string, (id: string) => RequestMade | Promise<RequestMade>][])("%s", async (_, requestFor) => {
    for (let nth = 1, moved = true; moved; nth += 1) {
      await reapply(api, 29);
      await api.pool.query("truncate orders, delivery_statuses, billing_records cascade");
      const id = await place();
      const [route, request] = await requestFor(id);
      const raced = await moveBefore(nth, route, request);
      moved = raced.moved;
      const { statusCode, body } = raced.answer;
      expect([nth, Math.floor(statusCode / 100), body]).toEqual([nth, 2, body]);
      if (body.includes('"items":[]'))
        expect.fail(`nothing is listed when step 29 moves before connection ${nth}`);
    }
  });
});
