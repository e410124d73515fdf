import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await api.pool.query("truncate orders, delivery_statuses, billing_records cascade");
});

const milk = { product_id: "prd_milk", quantity: 2 };
const curd = { product_id: "prd_curd", quantity: 1 };
const tomorrow = "2026-03-11";
const order = (changes: object = {}) => ({ delivery_date: tomorrow, items: [milk], ...changes });

const deliveries = async () =>
  (await api.pool.query("select order_id, customer_id, delivery_date, status from delivery_statuses")).rows;

const rowsWritten = async () =>
  (
    await api.pool.query(
      "select (select count(*) from orders) + (select count(*) from delivery_statuses) as n",
    )
  ).rows[0].n;

describe("placing an order", () => {
  test("prices it from the products and opens its delivery", async () => {
    const placed = await api.ask("POST /api/orders", {
      as: "customer",
      body: order({ items: [milk, curd], notes: "Ring twice" }),
    });
    expect(placed).toMatchObject({
      customer_id: "cst_asha",
      placed_by: "usr_customer",
      kind: "one_time",
      subscription_id: null,
      total_paise: 2 * 2_800 + 3_500,
      status: "PENDING",
      notes: "Ring twice",
      created_at: "2026-03-10T06:00:00.000Z",
    });
    expect(placed.id).toMatch(/^ord_[0-9a-f]{8}-[0-9a-f]{4}-7/);
    expect(await deliveries()).toEqual([
      { order_id: placed.id, customer_id: "cst_asha", delivery_date: tomorrow, status: "pending" },
    ]);
  });

  test("support places it for a customer, and must say for whom", async () => {
    const placed = await api.ask("POST /api/orders", {
      as: "support",
      body: order({ customer_id: "cst_chitra" }),
    });
    expect(placed).toMatchObject({ customer_id: "cst_chitra", placed_by: "usr_support" });
    expect(await api.refusal("POST /api/orders", { as: "support", body: order() })).toEqual([
      400,
      "EB_CUSTOMER_NEEDED",
    ]);
  });

  test.each([
    ["a field nobody knows", { colour: "blue" }, 400, "EB_INVALID_REQUEST"],
    ["no items", { items: [] }, 400, "EB_INVALID_REQUEST"],
    ["a negative quantity", { items: [{ ...milk, quantity: -1 }] }, 400, "EB_INVALID_REQUEST"],
    ["half a litre too little", { items: [{ ...milk, quantity: 0.5 }] }, 400, "EB_INVALID_REQUEST"],
    ["a quantity past any household", { items: [{ ...milk, quantity: 1e12 }] }, 400, "EB_INVALID_REQUEST"],
    ["a quantity in words", { items: [{ ...milk, quantity: "two" }] }, 400, "EB_INVALID_REQUEST"],
    ["the same product twice", { items: [milk, milk] }, 400, "EB_INVALID_REQUEST"],
    ["notes without end", { notes: "a".repeat(501) }, 400, "EB_INVALID_REQUEST"],
    ["a null character", { notes: "a\0b" }, 400, "EB_NULL_CHARACTER"],
    ["a day that does not exist", { delivery_date: "2026-02-30" }, 400, "EB_INVALID_REQUEST"],
    ["a date in another notation", { delivery_date: "11/03/2026" }, 400, "EB_INVALID_REQUEST"],
    ["yesterday", { delivery_date: "2026-03-09" }, 422, "EB_DELIVERY_DATE_OUT_OF_RANGE"],
    ["a day years ahead", { delivery_date: "2036-03-09" }, 422, "EB_DELIVERY_DATE_OUT_OF_RANGE"],
    ["an unknown product", { items: [{ ...milk, product_id: "prd_gold" }] }, 422, "EB_PRODUCT_UNAVAILABLE"],
    [
      "an id of another kind",
      { items: [{ ...milk, product_id: "cst_asha" }] },
      422,
      "EB_PRODUCT_UNAVAILABLE",
    ],
    [
      "a product no longer sold",
      { items: [{ ...milk, product_id: "prd_ghee" }] },
      422,
      "EB_PRODUCT_UNAVAILABLE",
    ],
    ["somebody else as customer", { customer_id: "cst_binod" }, 403, "EB_NOT_YOURS"],
  ])("%s is refused and nothing is written", async (_, change, status, code) => {
    expect(await api.refusal("POST /api/orders", { as: "customer", body: order(change) })).toEqual([
      status,
      code,
    ]);
    expect(await rowsWritten()).toBe(0);
  });

  test("a customer that does not exist or is closed is not served", async () => {
    await api.pool.query("update customers set status = 'closed' where id = 'cst_chitra'");
    for (const customer_id of ["cst_nobody", "cst_chitra"]) {
      expect(await api.refusal("POST /api/orders", { as: "admin", body: order({ customer_id }) })).toEqual([
        422,
        "EB_CUSTOMER_NOT_SERVED",
      ]);
    }
    await api.pool.query("update customers set status = 'active' where id = 'cst_chitra'");
  });

  test.each(["delivery", "marketing", "supplier"])("is not for the role %s", async (role) => {
    expect(await api.refusal("POST /api/orders", { as: role, body: order() })).toEqual([403, "EB_FORBIDDEN"]);
  });
});

describe("listing orders", () => {
  test("pages through all of them, newest delivery date first, each once", async () => {
    for (const delivery_date of ["2026-03-11", "2026-03-12", "2026-03-12", "2026-03-10", "2026-03-13"]) {
      await api.ask("POST /api/orders", { as: "customer", body: order({ delivery_date }) });
    }
    const dates: string[] = [];
    const ids = new Set<string>();
    let cursor: string | null = null;
    do {
      const page: { items: { id: string; delivery_date: string }[]; next_cursor: string | null } =
        await api.ask(`GET /api/orders?limit=2${cursor ? `&cursor=${cursor}` : ""}`, { as: "support" });
      for (const { id, delivery_date } of page.items) {
        ids.add(id);
        dates.push(delivery_date);
      }
      cursor = page.next_cursor;
    } while (cursor);
    expect(dates).toEqual(["2026-03-13", "2026-03-12", "2026-03-12", "2026-03-11", "2026-03-10"]);
    expect(ids.size).toBe(5);
  });

  test("a customer sees their own, whatever they ask for", async () => {
    await api.ask("POST /api/orders", { as: "customer", body: order() });
    const { id } = await api.ask("POST /api/orders", { as: "binod", body: order() });
    const mine = await api.ask("GET /api/orders", { as: "binod" });
    expect(mine.items.map((item: { id: string }) => item.id)).toEqual([id]);
    const theirs = await api.ask("GET /api/orders?customer_id=cst_asha", { as: "binod" });
    expect(theirs.items).toEqual([]);
    expect(await api.refusal(`GET /api/orders/${id}`, { as: "customer" })).toEqual([
      404,
      "EB_ORDER_NOT_FOUND",
    ]);
    expect(await api.refusal(`POST /api/orders/${id}/cancel`, { as: "customer" })).toEqual([
      404,
      "EB_ORDER_NOT_FOUND",
    ]);
  });

  test("filters by status, kind and day", async () => {
    const { id } = await api.ask("POST /api/orders", { as: "customer", body: order() });
    const count = async (query: string) =>
      (await api.ask(`GET /api/orders?${query}`, { as: "operator" })).items.length;
    await api.ask(`POST /api/orders/${id}/cancel`, { as: "customer" });
    await api.ask("POST /api/orders", { as: "customer", body: order() });
    expect(await count("status=CANCELLED")).toBe(1);
    expect(await count(`kind=one_time&delivery_date=${tomorrow}`)).toBe(2);
    expect(await count("kind=subscription")).toBe(0);
  });

  test.each(["limit=0", "limit=101", "limit=many", "cursor=abc", "cursor=WyJhIl0", "status=LOST", "page=2"])(
    "the query %s is refused",
    async (query) => {
      const [status] = await api.refusal(`GET /api/orders?${query}`, { as: "operator" });
      expect(status).toBe(400);
    },
  );
});

describe("cancelling an order", () => {
  test("takes its delivery off the route, and is done once", async () => {
    const { id } = await api.ask("POST /api/orders", { as: "customer", body: order() });
    const kept = await api.ask("POST /api/orders", { as: "customer", body: order() });
    expect(await api.ask(`POST /api/orders/${id}/cancel`, { as: "customer" })).toMatchObject({
      status: "CANCELLED",
    });
    expect(await deliveries()).toMatchObject([{ order_id: kept.id }]);
    expect(await api.refusal(`POST /api/orders/${id}/cancel`, { as: "customer" })).toEqual([
      409,
      "EB_ORDER_NOT_CANCELLABLE",
    ]);
  });

  test.each(["OUT_FOR_DELIVERY", "DELIVERED"])("is too late when it is %s", async (status) => {
    const { id } = await api.ask("POST /api/orders", { as: "customer", body: order() });
    await api.pool.query("update orders set status = $2 where id = $1", [id, status]);
    expect(await api.refusal(`POST /api/orders/${id}/cancel`, { as: "customer" })).toEqual([
      409,
      "EB_ORDER_NOT_CANCELLABLE",
    ]);
    expect(await deliveries()).toHaveLength(1);
  });

  test("an order that does not exist is not found", async () => {
    for (const id of ["ord_nothing", "cst_asha", "%27%3B--"]) {
      expect(await api.refusal(`POST /api/orders/${id}/cancel`, { as: "admin" })).toEqual([
        404,
        "EB_ORDER_NOT_FOUND",
      ]);
    }
  });
});

describe("while steps 19 to 22 are rolled back", () => {
  beforeAll(() => rollBack(api, 19));

  test("an order's delivery names no order, and stays while another order needs it", async () => {
    const first = await api.ask("POST /api/orders", {
      as: "admin",
      body: order({ customer_id: "cst_asha" }),
    });
    const second = await api.ask("POST /api/orders", {
      as: "admin",
      body: order({ customer_id: "cst_asha" }),
    });
    expect(await deliveries()).toMatchObject([{ order_id: null }, { order_id: null }]);
    await api.ask(`POST /api/orders/${first.id}/cancel`, { as: "admin" });
    expect(await deliveries()).toHaveLength(2);
    await api.ask(`POST /api/orders/${second.id}/cancel`, { as: "admin" });
    expect(await deliveries()).toHaveLength(0);
  });
});
